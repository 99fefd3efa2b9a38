-- Where the cloud looks for what gateways cannot see: homes in use of tenants that have the module. Each loop of cloud.detect
-- that looks for work asks this view, so that switching the module off stops them all (docs/adr/0035).

create view detected_home with (security_invoker = true) as
select home.id as home_id
from home join tenant on tenant.id = home.tenant_id
where 'detection' = any (tenant.modules) and home.retired_at is null;

grant select on detected_home to anban_service;
