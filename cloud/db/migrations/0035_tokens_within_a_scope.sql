-- Tokens of services are drawn, listed and revoked within the bounds of who does it, and drawn once (docs/adr/0058): by
-- anban_api, which writes what signs in and never reads it. To know a token again stays with anban_service.

call secure('api_token', 'tenant_id = any((select scope_tenants())::integer[])',
    'select (id, tenant_id, name, permissions, made_by, made_at, expires_at, used_at, revoked_at), insert,
     update (revoked_at)',
    'select, update');
