-- A glucose meter is measured with by hand: its home is looked at when it has told something.

drop index device_measures;
create index device_measures on device (last_at) where kind in (
    'blood_pressure', 'thermometer', 'pulse_oximeter', 'scale', 'glucose_meter', 'heart_rate', 'wearable', 'radar', 'bed'
);
