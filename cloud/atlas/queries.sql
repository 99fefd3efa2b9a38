-- What the map shows. Every read of homes and helpers is within the scope.

-- centres --
select id, name, latitude, longitude
from centre
where retired_at is null and tenant_id = any(%(tenants)s)
order by name, id

-- helpers --
-- Workers on duty where they last said they were, and people who live near. Busy: at work in a home, or on the way to
-- or at a door; somebody who did not check out is taken to be inside for 3 h.
select
    r.id, r.kind, r.name, r.mode, r.days, r.from_min, r.to_min, t.time_zone, p.at as seen_at,
    coalesce(p.latitude, r.latitude) as latitude, coalesce(p.longitude, r.longitude) as longitude,
    coalesce(r.busy_until > %(now)s, false)
    or exists (
        select from visit v
        where v.tenant_id = r.tenant_id and v.by_id = r.staff_id and v.ended_at is null
          and v.began_at > %(now)s - interval '3 hours' and v.began_at <= %(now)s
    )
    or exists (
        select from callout_ask a join incident i on i.id = a.incident_id
        where a.responder_id = r.id and a.answer = 'yes' and a.relieved_at is null and a.left_at is null
          and i.closed_at is null
          and i.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or i.home_id = any(%(homes)s))
    ) as busy
from responder r
join tenant t on t.id = r.tenant_id
left join lateral (
    select at, latitude, longitude from responder_place
    where responder_id = r.id and r.kind = 'worker' and at <= %(now)s order by at desc limit 1
) p on true
where r.withdrawn_at is null and r.tenant_id = any(%(tenants)s)
  and (r.kind <> 'worker' or (r.duty_since <= %(now)s and (r.duty_until is null or r.duty_until > %(now)s)))
  and coalesce(p.latitude, r.latitude) is not null
order by r.id

-- places --
-- Villages and townships by their names, in the middle of the homes there.
select d.code, d.name, avg(h.latitude) as latitude, avg(h.longitude) as longitude, count(*) as homes
from home h
join lateral (select h.division_code as code union select left(h.division_code, 9) || '000') as within on true
join division d on d.code = within.code
where h.retired_at is null and h.latitude is not null
  and h.tenant_id = any(%(tenants)s) and (%(homes)s::int[] is null or h.id = any(%(homes)s))
group by d.code, d.name
order by d.code

-- layers --
select id, name, attribution, review_no, within_m, imported_at from map_layer order by name

-- outlines --
select outlines from map_layer where id = %(id)s

-- put_layer --
insert into map_layer (name, datum, attribution, review_no, outlines, within_m, imported_at)
values (%(name)s, %(datum)s, %(attribution)s, %(review_no)s, %(outlines)s, %(within_m)s, %(now)s)
on conflict (name) do update
set datum = excluded.datum, attribution = excluded.attribution, review_no = excluded.review_no,
    outlines = excluded.outlines, within_m = excluded.within_m, imported_at = excluded.imported_at
returning id

-- remove_layer --
delete from map_layer where name = %(name)s returning id
