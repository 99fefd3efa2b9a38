-- Who of a family asked not to be told of a home for a while (docs/adr/0090). Never of a life or what is urgent.

create table hush (                                               -- append-only, but for its end
    id       bigint generated always as identity primary key,
    staff_id integer not null references staff (id),              -- who asked
    home_id  integer not null references home (id),
    contacts integer[] not null,                                  -- the same person in the care circle
    kinds    text[] not null,                                     -- of alarms; empty: all
    reason   text not null,
    since    timestamptz not null,
    until    timestamptz not null check (until > since),
    ended_at timestamptz,
    alone    boolean not null default false                       -- nobody else could be told: the centre was
);
create index hush_home on hush (home_id, until);
call secure('hush', 'staff_id = (select scope_staff()) and exists (select from home where home.id = home_id)',
    'select, insert, update (ended_at)', 'select, delete');

-- Whether somebody, as one of the care circle or as one who follows the home, asked not to be told of this incident.
create function is_hushed(p_incident bigint, p_contact integer, p_staff integer, p_now timestamptz) returns boolean
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select exists (
        select from incident
        join hush on hush.home_id = incident.home_id
        where incident.id = p_incident and incident.priority >= 3
          and (p_contact = any(hush.contacts) or hush.staff_id = p_staff)
          and hush.since <= p_now and p_now < hush.until and coalesce(p_now < hush.ended_at, true)
          and (cardinality(hush.kinds) = 0 or incident.kind = any(hush.kinds))
    )
$$;

-- Put a hush in force: what still waits to be told is withdrawn, and the duty managers hear when nobody is left to tell.
create function begin_hush(p_id bigint, p_now timestamptz) returns void
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    one hush;
begin
    select * into one from hush where id = p_id and staff_id = scope_staff();
    with gone as (
        update message set state = case when message.due_at is null then message.state else 'withdrawn' end,
            due_at = null, expect_at = null
        from incident
        where message.incident_id = incident.id and incident.home_id = one.home_id
          and (message.due_at is not null or message.expect_at is not null)
          and (message.push_id in (select id from push_subscription where staff_id = one.staff_id)
               or message.step in (
                   select step from rung where incident_id = incident.id and contact_id = any(one.contacts)
               ))
          and is_hushed(incident.id, one.contacts[1], one.staff_id, p_now)
        returning message.id, message.incident_id, message.state
    ),
    looked as (
        update escalation set due_at = least(due_at, p_now)
        where due_at is not null and incident_id in (select incident_id from gone)
    )
    insert into receipt (message_id, at, state, detail) select id, p_now, 'withdrawn', 'hushed' from gone where state = 'withdrawn';

    update hush set alone = true
    where id = one.id and cardinality(one.contacts) > 0 and not exists (
        select from contact
        where contact.home_id = one.home_id and contact.retired_at is null
          and (cardinality(contact.channels) > 0 or contact.phone <> '')
          and not exists (
              select from hush other
              where other.home_id = one.home_id and contact.id = any(other.contacts)
                and other.until > p_now and other.ended_at is null
                and (cardinality(other.kinds) = 0 or (cardinality(one.kinds) > 0 and one.kinds <@ other.kinds))
          )
          and not (contact.relation = 'family' and exists (
              select from withheld
              where withheld.home_id = one.home_id and withheld.standing and withheld.purpose = 'family_sharing'
          ))
    );
    insert into message (channel, address, locale, template, params, due_at, created_at)
    select split_part(duty, ':', 1), duty, tenant.duty_locale, 'alone',
        jsonb_build_object(
            'resident', coalesce(resident.name, ''), 'kind', 'sos', 'address', home.address, 'room', '',
            'observed_at', p_now, 'time_zone', tenant.time_zone, 'tenant_id', tenant.id
        ),
        p_now, p_now
    from hush
    join home on home.id = hush.home_id
    join tenant on tenant.id = home.tenant_id
    left join lateral (
        select name from resident where resident.home_id = home.id order by retired_at is not null, id limit 1
    ) resident on true
    cross join unnest(tenant.duty_channels) as duty
    where hush.id = one.id and hush.alone;
end
$$;

-- As before, but for whoever asked not to be told.
create or replace function tell_followers(p_incident bigint, p_template text, p_now timestamptz) returns void
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
      and not is_hushed(card.id, null, staff.id, p_now)
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
            ('is_hushed(bigint, integer, integer, timestamptz)', 'anban_api, anban_service, anban_ingest'),
            ('begin_hush(bigint, timestamptz)', 'anban_api')
        ) as granted (name, roles)
    loop
        execute format('revoke execute on function %s from public', one.name);
        execute format('grant execute on function %s to %s', one.name, one.roles);
    end loop;
end
$$;
