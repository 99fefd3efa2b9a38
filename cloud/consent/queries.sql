-- Consents: what was said, and what follows from it for a home.

-- resident --
select resident.id, resident.home_id, home.tenant_id, resident.ability_level, resident.died_at, resident.erased_at
from resident
join home on home.id = resident.home_id
where resident.id = %(resident_id)s
  and home.tenant_id = any(%(tenants)s)
  and (%(homes)s::int[] is null or home.id = any(%(homes)s))

-- history --
select
    consent.id, consent.purpose, consent.decision, consent.at, consent.recorded_at, consent.actor, consent.by_whom,
    consent.by_name, consent.authority, consent.capacity, consent.how, consent.witness, consent.recipient,
    consent.text_version, consent.valid_until
from consent
join resident on resident.id = consent.resident_id
join home on home.id = resident.home_id
where consent.resident_id = %(resident_id)s
  and home.tenant_id = any(%(tenants)s)
  and (%(homes)s::int[] is null or home.id = any(%(homes)s))
order by consent.id

-- standing --
-- What somebody has said no to, or has never been asked; ``since`` null: never.
select withheld.purpose, withheld.since, withheld.asked, withheld.kinds, withheld.quantities, withheld.events
from withheld
join home on home.id = withheld.home_id
where withheld.home_id = %(home_id)s
  and withheld.standing
  and home.tenant_id = any(%(tenants)s)
  and (%(homes)s::int[] is null or home.id = any(%(homes)s))
order by withheld.purpose

-- add_consent --
insert into consent (
    resident_id, purpose, decision, at, recorded_at, actor, by_whom, by_name, authority, capacity, how, witness,
    recipient, text_version, valid_until
)
values (
    %(resident_id)s, %(purpose)s, %(decision)s, %(at)s, %(now)s, %(actor)s, %(by)s, %(by_name)s, %(authority)s,
    %(capacity)s, %(how)s, %(witness)s, %(recipient)s, %(text_version)s, %(valid_until)s
)
