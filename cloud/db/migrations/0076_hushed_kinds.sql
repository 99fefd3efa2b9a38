-- A hush that begins while somebody is asked (docs/adr/0090): whoever it silences is asked again where it comes to a life,
-- nothing that is being queued at that moment slips past it, and the centre hears of each kind of alarm that reaches nobody.

-- As before (0072), but: the home is locked like by whoever asks; the question that is taken back was not asked; and nobody
-- is left to tell as soon as that is so of one kind.
create or replace function begin_hush(p_id bigint, p_now timestamptz) returns void
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    one hush;
    silenced bigint[];
begin
    select * into one from hush where id = p_id and staff_id = scope_staff();
    perform from home where id = one.home_id for no key update;
    silenced := array(
        select id from incident
        where home_id = one.home_id and closed_at is null and is_hushed(id, one.contacts[1], one.staff_id, p_now)
    );
    update escalation
    set due_at = case when due_at is null then null else least(due_at, p_now) end,
        callout_due_at = case when called_since is null then null else p_now end
    where incident_id = any(silenced) and (due_at is not null or called_since is not null);

    update rung set state = 'waiting', asked_at = null
    where incident_id = any(silenced) and contact_id = any(one.contacts) and state = 'asked';

    with gone as (
        update message set state = case when message.due_at is null then message.state else 'withdrawn' end,
            due_at = null, expect_at = null
        where message.incident_id = any(silenced)
          and (message.due_at is not null or message.expect_at is not null)
          and (message.push_id in (select id from push_subscription where staff_id = one.staff_id)
               or message.step in (
                   select step from rung where incident_id = message.incident_id and contact_id = any(one.contacts)
               )
               or message.ask_id in (
                   select ask.id from callout_ask ask join responder_contact same on same.responder_id = ask.responder_id
                   where ask.incident_id = message.incident_id and same.contact_id = any(one.contacts)
               ))
        returning message.id, message.state
    )
    insert into receipt (message_id, at, state, detail) select id, p_now, 'withdrawn', 'hushed' from gone where state = 'withdrawn';

    update hush set alone = true
    where id = one.id and cardinality(one.contacts) > 0 and exists (
        select from unnest(
            case when cardinality(one.kinds) > 0 then one.kinds
                 else '{""}' || array(                            -- whatever nobody has named, and what others have
                     select unnest(other.kinds) from hush other
                     where other.home_id = one.home_id and other.until > p_now and other.ended_at is null
                 )
            end
        ) as silent (kind)
        where not exists (
            select from contact
            where contact.home_id = one.home_id and contact.retired_at is null
              and (cardinality(contact.channels) > 0 or contact.phone <> '')
              and not exists (
                  select from hush other
                  where other.home_id = one.home_id and contact.id = any(other.contacts)
                    and other.until > p_now and other.ended_at is null
                    and (cardinality(other.kinds) = 0 or silent.kind = any(other.kinds))
              )
              and not (contact.relation = 'family' and exists (
                  select from withheld
                  where withheld.home_id = one.home_id and withheld.standing and withheld.purpose = 'family_sharing'
              ))
        )
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
