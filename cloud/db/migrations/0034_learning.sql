-- A threshold that outcomes suggest for one home, until a named person has decided (docs/adr/0055).

create table threshold_proposal (
    id           bigint generated always as identity primary key,
    home_id      integer not null references home (id),
    path         text not null,                                   -- in the plan: cloud/learning/tunable.py
    was          double precision,                                -- what the plan said; null: nothing, so the default held
    held         double precision not null,                       -- what held
    becomes      double precision not null,
    basis        jsonb not null,                                  -- counts and expectations
    made_at      timestamptz not null,
    made_by      text not null,                                   -- staff:ID, console
    state        text not null default 'open' check (state in ('open', 'approved', 'refused', 'overtaken')),
    decided_by   integer references staff (id),
    decided_at   timestamptz,
    reason       text not null default '',
    plan_version bigint,                                          -- the plan that the approval wrote
    version      integer not null default 1,
    check ((state in ('approved', 'refused')) = (decided_by is not null))
);
create unique index threshold_proposal_open on threshold_proposal (home_id, path) where state = 'open';
create index threshold_proposal_home on threshold_proposal (home_id, id);
call secure('threshold_proposal', 'exists (select from home where home.id = home_id)',
    'select, insert, update (state, decided_by, decided_at, reason, plan_version, version)', 'select, delete');
