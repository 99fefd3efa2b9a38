-- What an administrator sees of one person's rights: how far an erasure is, and what is to be deleted when.

-- erasure --
-- Somebody in scope, whether or not anybody has asked for their erasure.
select
    resident.id as resident_id, resident.home_id, erasure.asked_by, erasure.asked_at, erasure.begun_at,
    erasure.confirmed_by, erasure.finished_at, coalesce(erasure.reason, '') as reason,
    exists (select from legal_hold where resident_id = resident.id and lifted_at is null) as held,
    exists (select from incident where home_id = resident.home_id and closed_at is null) as in_hand,
    exists (
        select from emergency_access where home_id = resident.home_id and reviewed_at is null
    ) as unreviewed
from resident
join home on home.id = resident.home_id
left join erasure on erasure.resident_id = resident.id
where resident.id = %(resident_id)s
  and home.tenant_id = any(%(tenants)s)
  and (%(homes)s::int[] is null or home.id = any(%(homes)s))

-- deletions --
-- What is to go, the next first; a class that is swept goes on for ever.
select kind, id, home_id, resident_id, what, due_at, waits_for
from (
    select
        'withdrawal' as kind, consent_task.id, home.id as home_id, null::integer as resident_id,
        consent_task.purpose as what, consent_task.due_at,
        case when exists (
            select from legal_hold join resident on resident.id = legal_hold.resident_id
            where resident.home_id = home.id and legal_hold.lifted_at is null
        ) then 'legal_hold' end as waits_for
    from consent_task
    join home on home.id = consent_task.home_id
    where consent_task.task = 'erase' and consent_task.purpose = any(%(purposes)s)
      and home.tenant_id = any(%(tenants)s)
      and (%(homes)s::int[] is null or home.id = any(%(homes)s))
    union all
    select
        'erasure', erasure.id, home.id, erasure.resident_id, 'person',
        coalesce(erasure.due_at, erasure.asked_at),
        case
            when erasure.begun_at is null then 'second_person'
            when exists (
                select from legal_hold where resident_id = erasure.resident_id and lifted_at is null
            ) then 'legal_hold'
            when not (%(shut_out)s = any(erasure.done)) then 'gateway'
        end
    from erasure
    join home on home.id = erasure.home_id
    where erasure.finished_at is null
      and home.tenant_id = any(%(tenants)s)
      and (%(homes)s::int[] is null or home.id = any(%(homes)s))
    union all
    select 'retention', retention.id, null, null, retention.class, greatest(retention.due_at, 'epoch'), null
    from retention
    where retention.class = any(%(swept)s) and retention.tenant_id = any(%(tenants)s)
) as d
where %(after_at)s::timestamptz is null
   or (d.due_at, d.kind, d.id) > (%(after_at)s, %(after_kind)s, %(after_id)s)
order by d.due_at, d.kind, d.id
limit %(limit)s
