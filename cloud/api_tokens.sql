-- The SQL of the tokens of services. They belong to a tenant; who made one is on record.

-- add --
insert into api_token (tenant_id, name, token_hash, permissions, made_by, made_at, expires_at, division_code)
values (
    %(tenant_id)s, %(name)s, %(token_hash)s, %(permissions)s, %(made_by)s, %(now)s, %(expires_at)s, %(division)s
)
returning id

-- place --
select division.code
from division join tenant on tenant.id = any(%(tenants)s)
where division.code = %(division)s
  and division.code >= tenant.division_code and division.code <= division_last(tenant.division_code)

-- live --
-- With the homes of its place; none: all of the tenant.
select
    api_token.id, tenant_id, api_token.name, permissions, made_by, expires_at, used_at, tenant.modules,
    case when api_token.division_code is not null then array(
        select home.id from home
        where home.tenant_id = api_token.tenant_id
          and home.division_code >= api_token.division_code
          and home.division_code <= division_last(api_token.division_code)
        order by home.id
    ) end as homes
from api_token join tenant on tenant.id = api_token.tenant_id
where token_hash = %(token_hash)s and expires_at > %(now)s and revoked_at is null

-- touch --
update api_token set used_at = %(now)s where id = %(id)s

-- listed --
select id, name, permissions, made_by, made_at, expires_at, used_at, revoked_at, division_code as division
from api_token
where tenant_id = any(%(tenants)s)
order by id desc
limit %(limit)s

-- revoke --
update api_token set revoked_at = %(now)s
where id = %(id)s and tenant_id = any(%(tenants)s) and revoked_at is null
