-- What follows from a home's consents; it is worked out for no person, and read by ingest.

-- add_at_load --
-- Only to somebody who has never been asked: a file that is loaded again does not undo a withdrawal.
insert into consent (resident_id, purpose, decision, actor, by_whom, how)
select resident.id, purpose, 'given', 'roster', 'self', 'roster'
from resident cross join unnest(%(purposes)s::text[]) as purpose
where resident.home_id = %(home_id)s and resident.retired_at is null
  and not exists (
      select from consent where consent.resident_id = resident.id and consent.purpose = purpose.purpose
  )

-- add_from_roster --
-- A word that is there already is not said again, so that a file may be loaded twice.
insert into consent (
    resident_id, purpose, decision, at, actor, by_whom, by_name, authority, capacity, how, witness, recipient,
    text_version, valid_until
)
select
    resident.id, %(purpose)s, %(decision)s, %(at)s, 'roster', %(by)s, %(by_name)s, %(authority)s, %(capacity)s, %(how)s,
    %(witness)s, %(recipient)s, %(text_version)s, %(valid_until)s
from resident
where resident.id = (select min(id) from resident where home_id = %(home_id)s and retired_at is null)
  and not exists (
      select from consent
      where consent.resident_id = resident.id and consent.purpose = %(purpose)s
        and consent.at is not distinct from %(at)s::timestamptz and consent.decision = %(decision)s
  )

-- lock_home --
select id from home where id = %(home_id)s for no key update

-- words_of_home --
select resident_id, purpose, decision, at, valid_until
from consent
where resident_id in (select id from resident where home_id = %(home_id)s and retired_at is null)
order by resident_id, id

-- facts_of_home --
select
    home.tenant_id,
    array(
        select distinct device.kind
        from device join gateway on gateway.id = device.gateway_id
        where gateway.home_id = home.id
    ) as kinds,
    coalesce((
        select retention.days from retention
        where retention.tenant_id = home.tenant_id and retention.class = 'withdrawn'
    ), %(grace_days)s) as grace_days
from home
where home.id = %(home_id)s

-- forget_withheld --
delete from withheld where home_id = %(home_id)s
returning purpose, since, standing

-- add_withheld --
insert into withheld (home_id, purpose, since, until, standing, asked, kinds, quantities, events, alarms)
values (
    %(home_id)s, %(purpose)s, %(since)s, %(until)s, %(standing)s, %(asked)s, %(kinds)s, %(quantities)s, %(events)s,
    %(alarms)s
)

-- standing_purposes --
select purpose, bool_or(asked) as asked from withheld
where home_id = %(home_id)s and standing
group by purpose

-- family_ends --
-- When a consent that is allowed now runs out.
select min(since) as at from withheld
where home_id = %(home_id)s and purpose = 'family_sharing' and until is null and not standing

-- stand --
-- A consent has run out.
update withheld set standing = true
where home_id = %(home_id)s and purpose = %(purpose)s and until is null and since <= %(now)s and not standing

-- lay_over_plan --
-- The version grows exactly when something changes; a home without a plan gets one that says only this.
insert into plan (home_id, version, body, withheld, due_at)
select %(home_id)s, 1, '{}', %(over)s, '-infinity'
where %(over)s::jsonb <> '{}' or exists (select from plan where home_id = %(home_id)s)
on conflict (home_id) do update
set version = plan.version + 1, withheld = excluded.withheld, due_at = '-infinity'
where plan.withheld <> excluded.withheld

-- forget_tasks --
delete from consent_task where home_id = %(home_id)s

-- add_task --
insert into consent_task (home_id, purpose, task, due_at)
values (%(home_id)s, %(purpose)s, %(task)s, %(due_at)s)
on conflict (home_id, purpose, task) do update set due_at = excluded.due_at

-- spans --
select home_id, since, until, standing, kinds, quantities, events, alarms
from withheld
where home_id = any(%(home_ids)s) and (kinds <> '{}' or quantities <> '{}' or alarms <> '{}')
