-- Where an alarm belongs when many come at once, and what may look at the wall (docs/adr/0079).

-- The township is what a flood is grouped by: a village is too small for one, a county too large. A place that nobody has
-- named at that level is called by the name of the home's own.
create or replace view incident_card with (security_invoker = true) as
select
    i.id, i.tenant_id, i.home_id, i.kind, i.priority, i.state, i.state_since,
    least(i.due_at, e.due_at) as due_at,
    i.observed_at, i.opened_at, i.acked_at, s.name as owner,
    coalesce(r.name, '') as resident,
    coalesce(extract(year from i.opened_at)::integer - r.birth_year, 0) as age,
    coalesce(r.lives_alone, true) as lives_alone,
    coalesce(r.ability_level, 0) as ability_level,
    h.address, i.room, h.latitude, h.longitude,
    case
        when exists (
            select from withheld w where w.home_id = i.home_id and w.standing and i.kind = any (w.alarms)
        ) then '{}'::jsonb
        else i.evidence
    end as evidence,
    i.responder, i.eta_at, i.outcome, i.note, i.closed_at, i.version,
    rpad(left(h.division_code, 9), 12, '0') as area,
    coalesce(town.name, place.name, '') as area_name
from incident i
join home h on h.id = i.home_id
left join staff s on s.id = i.owner_id
left join escalation e on e.incident_id = i.id
left join lateral (
    select name, birth_year, lives_alone, ability_level
    from resident where home_id = i.home_id order by retired_at is not null, id limit 1
) r on true
left join division town on town.code = rpad(left(h.division_code, 9), 12, '0')
left join division place on place.code = h.division_code;
grant select on division to anban_ingest;

-- A wall shows one place of a tenant, or all of it.
alter table api_token add column division_code text references division (code);
grant select (division_code) on api_token to anban_api;
