-- A home is shown as it is when its change is appended (docs/adr/0087): whoever put it together before took back what
-- somebody else had changed meanwhile. After the lock nothing is under way that touches what screens show of homes.

-- One HomeView (cloud.incidents.model).
create function home_view(p_home integer, p_now timestamptz) returns jsonb language sql stable
set search_path = pg_catalog, public, pg_temp as $$
    select jsonb_build_object(
        'id', id, 'resident', resident,
        'age', coalesce(extract(year from p_now at time zone 'utc')::integer - birth_year, 0),
        'address', address, 'latitude', latitude, 'longitude', longitude,
        'online', online, 'state_at', state_at, 'open_priority', open_priority
    )
    from home_card where id = p_home
$$;
revoke execute on function home_view(integer, timestamptz) from public;

-- As before (0014); p_body counts for nothing where p_topic is 'home'.
create or replace function append_change(
    p_tenant integer, p_home integer, p_topic text, p_body jsonb, p_now timestamptz
) returns bigint language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    new_id bigint;
begin
    perform pg_advisory_xact_lock(4155432001);
    insert into change (tenant_id, home_id, topic, body, at)
    values (p_tenant, p_home, p_topic, case when p_topic = 'home' then home_view(p_home, p_now) else p_body end, p_now)
    returning id into new_id;
    if p_topic = 'inc' then
        insert into change (tenant_id, home_id, topic, body, at)
        select tenant_id, null,
            case when ended_at is null or p_body ->> 'closed_at' is not null then 'inc' else 'reset' end,
            case when ended_at is null or p_body ->> 'closed_at' is not null then p_body
                 else '{"reason": "scope"}'::jsonb end,
            p_now
        from incident_grant
        where incident_id = (p_body ->> 'id')::bigint
          and given_at <= p_now and expires_at > p_now and (ended_at is null or ended_at = p_now);
    end if;
    perform pg_notify('change', new_id::text);
    return new_id;
end
$$;
