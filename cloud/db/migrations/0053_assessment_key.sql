-- An assessment is drawn up at a door without a network and may be sent twice, days apart: its device draws a key.

alter table assessment add column key uuid not null default gen_random_uuid();
alter table assessment add constraint assessment_key unique (resident_id, key);

-- Whoever comes into the register is looked at by the loop at once, and nobody has to search for them.
alter table visit_person alter column since drop not null;        -- null: the duty has not begun

insert into visit_person (resident_id, home_id, due_at) select id, home_id, '-infinity' from resident
on conflict (resident_id) do nothing;

create function begin_visit_person() returns trigger language plpgsql as $$
begin
    insert into visit_person (resident_id, home_id, due_at) values (new.id, new.home_id, '-infinity')
    on conflict (resident_id) do nothing;
    return null;
end
$$;
create trigger begin_visit_person after insert on resident for each row execute function begin_visit_person();

create index incident_happened on incident (home_id, closed_at) where closed_at is not null;

-- Telephone numbers are marked in another form than they once were: each is marked anew by whatever seals (reseal).
update resident set phone_mark = null where phone_mark is not null;
update contact set phone_mark = null where phone_mark is not null;
