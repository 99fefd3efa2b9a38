-- How people answer a message, whom a supervisor's page reaches, and the two shapes that screens read.

create table answer_token (                                       -- the way back from a message; one per attempt
    token_hash bytea primary key,                                 -- sha-256; the token is only in the message itself
    message_id bigint not null references message (id),
    created_at timestamptz not null
);
create index answer_token_message on answer_token (message_id);

alter table tenant add column duty_channels text[] not null default '{}';   -- the duty manager's addresses, all used
alter table tenant add column duty_locale text not null default 'zh-Hans';

comment on column message.state is 'queued, accepted, delivered, answered, failed, withdrawn';

create index message_incident on message (incident_id);
create index incident_alarm_incident on incident_alarm (incident_id);

-- An alarm's number is drawn at home; one that another home has drawn too (or copied) must not reach its incident.
alter table incident_alarm add column home_id integer not null references home (id);
alter table incident_alarm drop constraint incident_alarm_pkey;
alter table incident_alarm add primary key (home_id, alarm_id);

-- append_change must come last, because its lock is held until the commit; a transaction that stores the alarms of
-- several homes cannot promise that. What is deferred is appended at the commit itself, after every other lock.
create unlogged table change_draft (                              -- empty whenever nobody is in a transaction
    id        bigint generated always as identity primary key,
    tenant_id integer not null,
    home_id   integer,
    topic     text not null,
    body      jsonb not null,
    at        timestamptz not null
);

create function append_draft() returns trigger language plpgsql as $$
begin
    perform append_change(new.tenant_id, new.home_id, new.topic, new.body, new.at);
    delete from change_draft where id = new.id;
    return null;
end
$$;
create constraint trigger append_draft after insert on change_draft
    deferrable initially deferred for each row execute function append_draft();

-- One row as the queue shows it. Its timer is whatever comes first: the state's, or the next rung of the ladder.
create view incident_card as
select
    i.id, i.tenant_id, i.home_id, i.kind, i.priority, i.state, i.state_since,
    least(i.due_at, e.due_at) as due_at,
    i.observed_at, i.opened_at, i.acked_at, s.name as owner,
    coalesce(r.name, '') as resident,
    coalesce(extract(year from i.opened_at)::integer - r.birth_year, 0) as age,
    coalesce(r.lives_alone, true) as lives_alone,
    coalesce(r.ability_level, 0) as ability_level,
    h.address, i.room, h.latitude, h.longitude, i.evidence, i.responder, i.eta_at, i.outcome, i.note,
    i.closed_at, i.version
from incident i
join home h on h.id = i.home_id
left join staff s on s.id = i.owner_id
left join escalation e on e.incident_id = i.id
left join lateral (
    select name, birth_year, lives_alone, ability_level
    from resident where home_id = i.home_id order by id limit 1
) r on true;

-- One home as the map shows it; the age is counted by the reader, who knows the date.
create view home_card as
select
    h.id, h.tenant_id, h.id as home_id, coalesce(r.name, '') as resident, r.birth_year, h.address,
    h.latitude, h.longitude,
    coalesce(g.online, false) as online, g.state_at, i.open_priority
from home h
left join lateral (
    select name, birth_year from resident where home_id = h.id order by id limit 1
) r on true
left join lateral (
    select bool_or(online) as online, max(state_at) as state_at
    from gateway where home_id = h.id and revoked_at is null
) g on true
left join lateral (
    select min(priority)::integer as open_priority from incident where home_id = h.id and closed_at is null
) i on true;
