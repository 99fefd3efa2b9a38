-- Records that people change: each has a version that grows with every change of its content, whoever makes it, so
-- that nobody overwrites what they have not seen; and an end that is written down instead of a row that vanishes.

create function next_version() returns trigger language plpgsql as $$
begin
    new.version := old.version + 1;
    return new;
end
$$;

alter table tenant add column version integer not null default 1;
alter table staff add column version integer not null default 1;
alter table gateway add column version integer not null default 1;
alter table home add column version integer not null default 1, add column retired_at timestamptz;
alter table resident add column version integer not null default 1, add column retired_at timestamptz;
alter table contact add column version integer not null default 1, add column retired_at timestamptz;
alter table device add column version integer not null default 1, add column retired_at timestamptz;

-- What devices and sign-ins write all day (seen, online, failed attempts) is no content.
-- Numbers lie sealed in columns of their own, so whatever differs in these three counts.
create trigger tenant_version before update on tenant
    for each row when (old.* is distinct from new.*) execute function next_version();
create trigger staff_version before update of role, name, locale, disabled_at on staff
    for each row when (
        (old.role, old.name, old.locale, old.disabled_at)
        is distinct from (new.role, new.name, new.locale, new.disabled_at)
    ) execute function next_version();
create trigger gateway_version before update of home_id, shard, secret, phone, revoked_at on gateway
    for each row when (
        (old.home_id, old.shard, old.secret, old.phone, old.revoked_at)
        is distinct from (new.home_id, new.shard, new.secret, new.phone, new.revoked_at)
    ) execute function next_version();
create trigger home_version before update of division_code, address, latitude, longitude, retired_at on home
    for each row when (
        (old.division_code, old.address, old.latitude, old.longitude, old.retired_at)
        is distinct from (new.division_code, new.address, new.latitude, new.longitude, new.retired_at)
    ) execute function next_version();
create trigger resident_version before update on resident
    for each row when (old.* is distinct from new.*) execute function next_version();
create trigger contact_version before update on contact
    for each row when (old.* is distinct from new.*) execute function next_version();
create trigger device_version before update of kind, room, retired_at on device
    for each row when (
        (old.kind, old.room, old.retired_at) is distinct from (new.kind, new.room, new.retired_at)
    ) execute function next_version();

-- A place in the ladder is free again once its holder is retired.
alter table contact drop constraint contact_home_id_rank_key;
create unique index contact_place on contact (home_id, rank) where retired_at is null;

-- Somebody who lives there comes before somebody who did. The evidence of an alarm is made of what the sensors said: it
-- is not shown while that is withheld (0017).
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
    i.responder, i.eta_at, i.outcome, i.note, i.closed_at, i.version
from incident i
join home h on h.id = i.home_id
left join staff s on s.id = i.owner_id
left join escalation e on e.incident_id = i.id
left join lateral (
    select name, birth_year, lives_alone, ability_level
    from resident where home_id = i.home_id order by retired_at is not null, id limit 1
) r on true;

create or replace view home_card with (security_invoker = true) as
select
    h.id, h.tenant_id, h.id as home_id, coalesce(r.name, '') as resident, r.birth_year, h.address,
    h.latitude, h.longitude,
    coalesce(g.online, false) as online, g.state_at, i.open_priority
from home h
left join lateral (
    select name, birth_year from resident where home_id = h.id order by retired_at is not null, id limit 1
) r on true
left join lateral (
    select bool_or(online) as online, max(state_at) as state_at
    from gateway where home_id = h.id and revoked_at is null
) g on true
left join lateral (
    select min(priority)::integer as open_priority from incident where home_id = h.id and closed_at is null
) i on true;

-- A command done once: neither the key that the client drew nor the answer can be read from the table. The answer is
-- sealed under the key, so only whoever repeats the command opens it.
delete from idempotency;
alter table idempotency
    alter column key type bytea using sha256(key::bytea),
    drop column response,
    add column command bytea not null,                            -- sha-256 of what was asked
    add column answer bytea not null;
create index idempotency_at on idempotency (at);

-- History, newest first, page by page.
create index incident_history on incident (tenant_id, opened_at desc, id desc);
drop index incident_tenant;
