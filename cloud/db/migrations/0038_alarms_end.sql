-- Alarms are kept as long as the incidents that rest on them (cloud.privacy.retention). The audit stays exact: what goes is
-- counted as forgotten, as it is of readings and events.

alter table forgotten
    drop constraint forgotten_name_check,
    add constraint forgotten_name_check check (name in ('reading', 'event', 'alarm'));

create index alarm_home on alarm (home_id, stored_at);

grant delete on alarm to anban_service;
grant insert on forgotten to anban_service;
