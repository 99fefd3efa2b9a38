-- One in ten of the urgent incidents that were closed is looked at again by somebody else (docs/adr/0070).

-- Which ones is told by the number alone: nobody chooses, and asking again gives the same.
create function is_sampled(p_incident bigint) returns boolean language sql immutable parallel safe
return ('x' || substr(encode(sha256(convert_to('review ' || p_incident, 'UTF8')), 'hex'), 1, 8))::bit(32)::bigint % 10 = 0;

create table incident_review (
    incident_id bigint primary key references incident (id),
    verdict     text not null check (verdict in ('good', 'improve', 'wrong')),
    findings    text[] not null default '{}' check (              -- cloud/incidents/review.py
        findings <@ array['late', 'script', 'outcome', 'contacts', 'words', 'follow_up']),
    reviewed_by integer not null references staff (id),
    reviewed_at timestamptz not null
);
call secure('incident_review', 'exists (select from incident where incident.id = incident_id)', 'select, insert',
    'select, delete');
create index incident_closed on incident (tenant_id, closed_at) where state = 'closed' and priority <= 2;
