-- An assessment is drawn up at a door without a network and may be sent twice, days apart: its device draws a key.

alter table assessment add column key uuid not null default gen_random_uuid();
alter table assessment add constraint assessment_key unique (resident_id, key);
