-- A worker calls for help for themselves (docs/adr/0075): the one kind of incident that a signed-in person opens.

grant insert on incident to anban_api;
create policy workers_call on incident as restrictive for insert to anban_api with check (kind = 'worker');
