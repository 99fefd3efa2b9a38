-- Help across a border ends by the clock (cloud.incidents.grants), and the messages of a day are found without reading
-- those of the years before: figures count them, and usage does every quarter of an hour.

create index incident_grant_expires on incident_grant (expires_at) where ended_at is null;
grant update (ended_at) on incident_grant to anban_service;

create index message_created on message (created_at);
