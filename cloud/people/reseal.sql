-- Values that are not sealed with the key in force (plain ones from before, or of an older key), and numbers without a
-- mark: whoever changes the form in which numbers are marked takes the marks away, and they are made anew. What a batch has
-- done is done; whoever is stopped in the middle goes on where it stood.

-- residents --
select id, home_id, phone, id_number
from resident
where (phone <> '' and (phone_mark is null or not starts_with(phone, %(prefix)s)))
   or (id_number <> '' and not starts_with(id_number, %(prefix)s))
order by id
limit %(limit)s
for no key update

-- keep_resident --
update resident
set phone = %(phone)s, phone_mark = %(phone_mark)s, id_number = %(id_number)s, id_number_mark = %(id_number_mark)s
where id = %(id)s

-- contacts --
select id, home_id, phone, channels
from contact
where (phone <> '' and (phone_mark is null or not starts_with(phone, %(prefix)s)))
   or exists (
       select from unnest(channels) as c
       where split_part(c, ':', 1) = any(%(people)s)
         and not starts_with(substr(c, strpos(c, ':') + 1), %(prefix)s)
   )
order by id
limit %(limit)s
for no key update

-- keep_contact --
update contact set phone = %(phone)s, phone_mark = %(phone_mark)s, channels = %(channels)s where id = %(id)s

-- incidents --
-- The frozen ladder and its messages together: they are compared with each other.
select i.id, i.home_id, i.tenant_id
from incident i
where exists (
    select from rung r
    where r.incident_id = i.id and (
        (r.phone <> '' and not starts_with(r.phone, %(prefix)s))
        or exists (
            select from unnest(r.channels) as c
            where split_part(c, ':', 1) = any(%(people)s)
              and not starts_with(substr(c, strpos(c, ':') + 1), %(prefix)s)
        )
    )
) or exists (
    select from message m
    where m.incident_id = i.id and split_part(m.address, ':', 1) = any(%(people)s)
      and not starts_with(substr(m.address, strpos(m.address, ':') + 1), %(prefix)s)
)
order by i.id
limit %(limit)s

-- rungs --
select incident_id, step, phone, channels from rung where incident_id = %(id)s order by step for no key update

-- keep_rung --
update rung set phone = %(phone)s, channels = %(channels)s
where incident_id = %(incident_id)s and step = %(step)s

-- messages --
select id, step, ask_id, push_id, address from message where incident_id = %(id)s order by id for no key update

-- keep_message --
update message set address = %(address)s where id = %(id)s

-- plans --
select home_id, body from plan
where exists (
    select from jsonb_path_query(body, '$.phones.*[*] ? (@.type() == "string")') as number
    where not starts_with(number #>> '{}', %(prefix)s)
)
order by home_id
limit %(limit)s
for no key update

-- keep_plan --
update plan set body = %(body)s where home_id = %(home_id)s

-- commands --
-- Those still under way; the others hold no number any more.
select command.id, command.args, gateway.home_id
from command join gateway on gateway.id = command.gateway_id
where command.name = 'plan' and command.due_at is not null and exists (
    select from jsonb_path_query(command.args, '$.plan.phones.*[*] ? (@.type() == "string")') as number
    where not starts_with(number #>> '{}', %(prefix)s)
)
order by command.id
limit %(limit)s
for no key update of command

-- keep_command --
update command set args = %(args)s where id = %(id)s

-- tenants --
select id, duty_channels
from tenant
where exists (
    select from unnest(duty_channels) as c
    where split_part(c, ':', 1) = any(%(people)s)
      and not starts_with(substr(c, strpos(c, ':') + 1), %(prefix)s)
)
order by id
limit %(limit)s
for no key update

-- keep_tenant --
update tenant set duty_channels = %(duty_channels)s where id = %(id)s

-- responders --
select id, tenant_id, phone, channels
from responder
where (phone <> '' and not starts_with(phone, %(prefix)s))
   or exists (
       select from unnest(channels) as c
       where split_part(c, ':', 1) = any(%(people)s)
         and not starts_with(substr(c, strpos(c, ':') + 1), %(prefix)s)
   )
order by id
limit %(limit)s
for no key update

-- keep_responder --
update responder set phone = %(phone)s, phone_mark = %(phone_mark)s, channels = %(channels)s where id = %(id)s

-- pushes --
select push.id, staff.tenant_id, push.address
from push_subscription push join staff on staff.id = push.staff_id
where not starts_with(substr(push.address, strpos(push.address, ':') + 1), %(prefix)s)
order by push.id
limit %(limit)s
for no key update of push

-- keep_push --
update push_subscription set address = %(address)s where id = %(id)s

-- factors --
select staff_id, secret from second_factor
where not starts_with(secret, %(prefix)s)
order by staff_id
limit %(limit)s
for no key update

-- files --
-- One at a time: each may be a megabyte.
select id, visit_id, seal, sealed from visit_file
where seal <> %(prefix)s
order by id
limit 1
for no key update

-- keep_file --
update visit_file set seal = %(seal)s, sealed = %(sealed)s where id = %(id)s

-- keep_factor --
-- A new authenticator that is not proved yet is begun again: it would be sealed with the old key.
update second_factor set secret = %(secret)s, next_secret = null, next_until = null where staff_id = %(staff_id)s
