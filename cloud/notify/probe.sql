-- The channels tried by themselves. No person and no home is in here.

-- enrol --
insert into channel_probe (channel, due_at) select unnest(%(channels)s::text[]), %(now)s on conflict do nothing

-- due_probes --
select id from channel_probe
where due_at <= %(now)s and channel = any(%(channels)s) and not (id = any(%(skip)s))
order by due_at, id
limit %(limit)s

-- take_up --
-- Ours until the lease ends.
with picked as (
    select id from channel_probe where id = %(id)s and due_at <= %(now)s for update skip locked
)
update channel_probe p set due_at = %(lease)s from picked where p.id = picked.id
returning p.id, p.channel, p.sent_at, p.waits, p.heard_at, p.silent_since, p.told_at

-- sent --
update channel_probe
set sent_at = %(now)s, provider = %(provider)s, reference = %(reference)s, waits = %(waits)s, due_at = %(due_at)s
where id = %(id)s

-- heard --
update channel_probe
set heard_at = %(now)s, waits = false, silent_since = null, told_at = null, due_at = %(due_at)s
where id = %(id)s

-- silent --
update channel_probe
set waits = false, silent_since = coalesce(silent_since, %(now)s), due_at = %(due_at)s,
    told_at = case when %(tell)s then %(now)s else told_at end
where id = %(id)s

-- rest --
update channel_probe set due_at = %(due_at)s where id = %(id)s

-- word --
-- A provider says that a try came through.
update channel_probe
set heard_at = %(now)s, waits = false, silent_since = null, told_at = null
where provider = %(provider)s and reference = %(reference)s and reference <> ''
returning id

-- tell_duty --
-- By every channel of the duty managers but the one that is silent.
insert into message (channel, address, locale, template, params, due_at, created_at)
select
    split_part(duty, ':', 1), duty, tenant.duty_locale, 'channel',
    jsonb_build_object(
        'resident', '', 'kind', 'device_fault', 'address', '', 'room', %(channel)s::text, 'tenant_id', tenant.id,
        'observed_at', %(since)s::timestamptz, 'time_zone', tenant.time_zone
    ),
    %(now)s, %(now)s
from tenant cross join unnest(tenant.duty_channels) as duty
where split_part(duty, ':', 1) <> %(channel)s
