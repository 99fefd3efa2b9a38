-- What detectors run on of one home, as a person may see it who reads for its care: in the archive's form (export.sql),
-- within the reader's bounds, and without what is withheld. No name, number or address of anybody is read.

-- reader --
-- Somebody of the staff, by the name they sign in with, and the homes they are bound to.
select staff.id, staff.tenant_id, staff.role, staff.name, staff.locale,
    array(select home_id from staff_home where staff_home.staff_id = staff.id order by home_id) as homes
from staff where staff.username = %(username)s and staff.disabled_at is null

-- home --
select home.id as home_id, home.key from home
where home.id = %(home_id)s
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))

-- device --
select device.gateway_id, device.name, device.kind, device.room, device.last_at, device.retired_at
from device join gateway on gateway.id = device.gateway_id join home on home.id = gateway.home_id
where home.id = %(home_id)s
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
order by 1, 2

-- plan --
select plan.version, plan.body - 'phones' as body, plan.withheld
from plan join home on home.id = plan.home_id
where home.id = %(home_id)s
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))

-- command --
select command.name, command.args - 'plan' as args, command.created_at, command.answered_at, command.ok, '' as detail
from command
join gateway on gateway.id = command.gateway_id
join home on home.id = gateway.home_id
where home.id = %(home_id)s and command.name in ('cancel', 'accepted', 'closed')
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
order by command.created_at

-- reading --
select seen.observed_at, device.name as device, seen.quantity, seen.quality, seen.value
from reading_seen as seen
join home on home.id = seen.home_id
left join device on device.id = seen.device_id
where seen.home_id = %(home_id)s
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
  and not exists (
      select from withheld
      where withheld.home_id = seen.home_id and withheld.standing
        and (seen.quantity = any(withheld.quantities) or device.kind = any(withheld.kinds))
  )
order by seen.observed_at

-- reading_1d --
select seen.bucket, seen.device_id, seen.quantity, seen.n, seen.sum, seen.min, seen.max
from reading_1d_seen as seen join home on home.id = seen.home_id
where seen.home_id = %(home_id)s
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
  and not exists (
      select from withheld
      where withheld.home_id = seen.home_id and withheld.standing and seen.quantity = any(withheld.quantities)
  )
order by seen.bucket

-- event --
select seen.observed_at, device.name as device, seen.kind, seen.detail
from event_seen as seen
join home on home.id = seen.home_id
left join device on device.id = seen.device_id
where seen.home_id = %(home_id)s
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
  and not exists (
      select from withheld
      where withheld.home_id = seen.home_id and withheld.standing
        and (seen.kind = any(withheld.events) or device.kind = any(withheld.kinds))
  )
order by seen.observed_at

-- alarm --
-- What an alarm is made of that is withheld now says nothing of itself.
select alarm.alarm_id, alarm.kind, alarm.state, device.name as device, alarm.observed_at, alarm.stored_at,
    alarm.confirm_s, alarm.evidence - 'frames' as evidence, alarm.actions, alarm.path
from alarm
join home on home.id = alarm.home_id
left join device on device.id = alarm.device_id
where alarm.home_id = %(home_id)s
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
  and not exists (
      select from withheld
      where withheld.home_id = alarm.home_id and withheld.standing and alarm.kind = any(withheld.alarms)
  )
order by alarm.id

-- vital_limit --
select vital_limit.quantity, vital_limit.low, vital_limit.high, vital_limit.set_by, vital_limit.set_at,
    vital_limit.ended_at
from vital_limit join home on home.id = vital_limit.home_id
where home.id = %(home_id)s
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
order by vital_limit.id

-- vital_record --
select vital_record.scale2, vital_record.oxygen, vital_record.set_by, vital_record.set_at
from vital_record join home on home.id = vital_record.home_id
where home.id = %(home_id)s
  and home.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or home.id = any(%(homes)s))
