-- What the family of a resident sees and wants (docs/adr/0077): whose home they follow, who looked at it, where their
-- telephones take a push, and when they want to sleep.

alter table tenant add column phone text not null default '';     -- where families reach the centre; public, not sealed
comment on column tenant.phone is 'the number of the centre that is shown to families';
grant update (phone) on tenant to anban_api;

create table follower (                                           -- what a member of a family wants; no row: the usual
    staff_id    integer primary key references staff (id),
    quiet_from  time,                                             -- by the home's clock; both null: 21:00 to 7:00
    quiet_until time check ((quiet_from is null) = (quiet_until is null)),
    detail      boolean not null default false                    -- a locked screen may say what it is about
);
call secure('follower', 'staff_id = (select scope_staff())', 'select, insert, update', 'select');

create table push_subscription (                                  -- one browser that takes pushes for somebody
    id         bigint generated always as identity primary key,
    staff_id   integer not null references staff (id),
    mark       bytea not null unique,                             -- hash of its endpoint: one browser, one person
    address    text not null,                                     -- webpush:…, sealed
    agent      text not null default '',                          -- what the browser calls itself, in two words
    created_at timestamptz not null
);
create index push_subscription_of on push_subscription (staff_id);
call secure('push_subscription', 'staff_id = (select scope_staff())', 'select, insert, update, delete',
    'select, update, delete');

alter table message add column push_id bigint;                    -- of push_subscription, which may be gone since
create index message_push on message (push_id, id) where push_id is not null;

-- Holes in what is known of a home say "unknown" on the page, and the age of what a gateway still holds says how old it is.
call secure('unheard', 'exists (select from home where home.id = home_id)', 'select', 'select, insert, delete');
grant select (state) on gateway to anban_api;

-- Which homes somebody was to follow and may not any more: the number and the day, so that a page can say so.
create function family_withdrawn(out home_id integer, out since timestamptz) returns setof record
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select staff_home.home_id, max(withheld.since)
    from staff_home
    join staff on staff.id = staff_home.staff_id and staff.role = 'family' and staff.disabled_at is null
    join home on home.id = staff_home.home_id and home.retired_at is null
    join withheld on withheld.home_id = staff_home.home_id and withheld.standing
        and withheld.purpose = 'family_sharing'
    where staff_home.staff_id = scope_staff()
    group by staff_home.home_id
$$;

-- Who looked at a home, by day and person. Lists of many homes (a desk, a map, a report) are looks at nobody.
create function looks_at_home(
    p_home integer, p_since timestamptz, p_zone text,
    out day date, out staff_id integer, out name text, out role text, out n bigint, out last_at timestamptz,
    out emergency boolean
) returns setof record
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select (entry.at at time zone p_zone)::date, staff.id, staff.name, coalesce(staff.role, 'service'), count(*),
        max(entry.at), bool_or(entry.purpose = 'emergency')
    from audit_entry entry
    left join staff on entry.actor = 'staff:' || staff.id
    where entry.homes @> array[p_home] and cardinality(entry.homes) <= 20
      and entry.at >= p_since and entry.status < 400
      and p_home = any(scope_homes()) and current_setting('anban.purpose', true) = 'family'
    group by 1, staff.id, entry.actor
$$;

-- Whoever holds a browser's secret address now has that browser: nobody else is told there any more.
create function take_over_push(p_mark bytea) returns void
language sql security definer set search_path = pg_catalog, public, pg_temp as $$
    delete from push_subscription where mark = p_mark and staff_id is distinct from scope_staff()
$$;

-- Queue news for whoever of the family follows the home by push, while sharing is allowed; how it ended only for whom
-- was told that it began.
create function tell_followers(p_incident bigint, p_template text, p_now timestamptz) returns void
language sql security definer set search_path = pg_catalog, public, pg_temp as $$
    insert into message (incident_id, push_id, channel, address, locale, template, params, due_at, created_at)
    select
        card.id, push.id, 'webpush', push.address, staff.locale, p_template,
        jsonb_build_object(
            'resident', card.resident, 'kind', card.kind, 'address', card.address, 'room', card.room,
            'observed_at', card.observed_at, 'time_zone', tenant.time_zone, 'state', card.state,
            'detail', coalesce(follower.detail, false) and not exists (
                select from withheld
                where withheld.home_id = card.home_id and withheld.standing and card.kind = any(withheld.alarms)
            ),
            'quiet', case when follower.quiet_from is not null
                then jsonb_build_array(to_char(follower.quiet_from, 'HH24:MI'), to_char(follower.quiet_until, 'HH24:MI'))
            end
        ),
        p_now, p_now
    from incident_card card
    join tenant on tenant.id = card.tenant_id
    join staff_home on staff_home.home_id = card.home_id
    join staff on staff.id = staff_home.staff_id and staff.role = 'family' and staff.disabled_at is null
    join push_subscription push on push.staff_id = staff.id
    left join follower on follower.staff_id = staff.id
    where card.id = p_incident and card.kind <> 'worker'          -- that one is not about the resident
      and (scope_tenants() is null or card.tenant_id = any(scope_tenants()))
      and not exists (
          select from withheld
          where withheld.home_id = card.home_id and withheld.standing and withheld.purpose = 'family_sharing'
      )
      and (p_template = 'raised' or exists (
          select from message told
          where told.incident_id = card.id and told.push_id = push.id
            and told.state in ('accepted', 'delivered', 'read')
      ))
    order by push.id
$$;

do $$
declare
    one record;
begin
    for one in
        select * from (values
            ('family_withdrawn()', 'anban_api'),
            ('take_over_push(bytea)', 'anban_api'),
            ('looks_at_home(integer, timestamptz, text)', 'anban_api'),
            ('tell_followers(bigint, text, timestamptz)', 'anban_api, anban_service, anban_ingest')
        ) as granted (name, roles)
    loop
        execute format('revoke execute on function %s from public', one.name);
        execute format('grant execute on function %s to %s', one.name, one.roles);
    end loop;
end
$$;
