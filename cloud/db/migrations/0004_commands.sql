-- The way back from a person to the home: commands are rows, written in the transaction of the step that causes them.

create table command (
    id          text primary key,                                 -- what the gateway does at most once
    incident_id bigint references incident (id),                  -- the incident it speaks of; null: none
    gateway_id  text not null,
    name        text not null,                                    -- edge_agent.downlink.COMMANDS
    args        jsonb not null default '{}',
    created_at  timestamptz not null,
    until       timestamptz not null,                             -- never sent and never done after this
    due_at      timestamptz,                                      -- when to send (again); null: answered or over
    attempts    smallint not null default 0,
    sent_at     timestamptz,                                      -- the last attempt
    answered_at timestamptz,
    ok          boolean,                                          -- the gateway's answer; null: none came
    detail      text not null default ''
);
create index command_due on command (due_at) where due_at is not null;
create index command_waiting on command (gateway_id) where due_at is not null;
create index command_incident on command (incident_id);
