-- A county as it was with migration 0008: every table of that time has rows, and an incident is open. :hash is that of the
-- staff's password.
insert into division values ('431202000000', '鹤城区', null), ('431202001001', '城北社区', '431202000000');
insert into tenant (code, name, division_code, duty_channels)
values ('hecheng', '鹤城区', '431202000000', '{json://127.0.0.1:9/duty}');
insert into staff (tenant_id, username, password_hash, role, name, locale) values
    (1, 'op1', ':hash', 'operator', '向玉珍', 'zh-Hans'), (1, 'boss', ':hash', 'admin', '局长', 'zh-Hans'),
    (1, 'case1', ':hash', 'caseworker', '网格员', 'hmn'), (1, 'sister', ':hash', 'family', '向小妹', 'zh-Hans'),
    (1, 'eva', ':hash', 'evaluator', '评估', 'en');
insert into home (tenant_id, key, division_code, address, latitude, longitude) values
    (1, 'h001', '431202001001', '城北路1号', 27.56, 109.99), (1, 'h002', '431202001001', '城北路2号', null, null);
insert into resident (home_id, name, birth_year, sex, lives_alone, ability_level, phone, notes) values
    (1, '向秀英', 1942, 'f', true, 2, '0745-1234567', 'hard of hearing'), (1, '杨老', 1939, 'm', false, 1, '', ''),
    (2, '石金花', 1950, 'f', true, 0, '+8613800000003', '');
insert into gateway (id, home_id, shard, secret, revoked_at, online, state, state_at, sms_key, phone) values
    ('gw-1', 1, 7, '$2b$04$x', null, true, '{"online": true, "epoch": "e1", "lanes": {"t": {"next": 4, "depth": 0}}}',
        '2026-05-01 03:00+00', '\x00112233', '+8613900000009'),
    ('gw-old', 1, 7, '$2b$04$y', '2026-04-01', false, '{}', null, null, ''),
    ('gw-2', 2, 200, '$2b$04$z', null, false, '{}', null, null, '');
insert into device (gateway_id, name, kind, room, last_at) values
    ('gw-1', 'pendant', 'pendant', 'bedroom', '2026-05-01 02:59+00'), ('gw-2', 'radar', 'radar', 'bathroom', null);
insert into contact (home_id, rank, name, relation, phone, has_key, locale, channels) values
    (1, 1, '向小妹', 'family', '+8613900000001', true, 'zh-Hans', '{sms:+8613900000001,json://127.0.0.1:9/x}'),
    (1, 2, '邻居', 'neighbour', '+8613900000002', false, 'hmn', '{}');
insert into staff_home select id, 1 from staff where role in ('caseworker', 'family');
insert into session select '\x01', id, '2026-05-01', '2026-05-01', '2026-05-02' from staff where username = 'op1';
insert into batch values
    ('gw-1', 'e1', 't', 1, 3, '2026-05-01 03:00+00', 2, 0, 0, 0, 1),
    ('gw-1', 'e1', 'a', 1, 2, '2026-05-01 03:00+00', 0, 1, 1, 0, 0);
insert into gap values ('gw-1', 'e1', 't', 9, 9, 'storage full', '2026-05-01');
insert into reading values
    ('2026-05-01 02:58+00', 1, 1, 1, 0, 61.5, null), ('2026-05-01 02:59+00', 1, 1, 2, 2, null, 1);
insert into event values ('2026-05-01 02:59+00', 1, 1, 'button', 'press', null);
insert into alarm (alarm_id, home_id, gateway_id, device_id, kind, state, observed_at, stored_at, evidence, actions, path)
values ('01J00000000000000000000001', 1, 'gw-1', 1, 'sos', 'raised', '2026-05-01 02:59+00', '2026-05-01 03:00+00',
    '{"button": "press"}', '{voice}', 'mqtt');
insert into quarantine (stored_at, topic, reason, payload, gateway_id, digest, seen, seen_at)
values ('2026-05-01', 'anban/1/7/gw-1/t', 'unknown kind', '\xff', 'gw-1', '\xaa', 3, '2026-05-02');
insert into incident (tenant_id, home_id, kind, family, priority, state, state_since, due_at, observed_at, opened_at,
    acked_at, owner_id, room, evidence, responder, outcome, note, closed_at, version) values
    (1, 1, 'sos', 'call', 1, 'raised', '2026-05-01 03:00+00', '2026-05-01 03:01+00', '2026-05-01 02:59+00',
        '2026-05-01 03:00+00', null, null, 'bedroom', '{"button": "press"}', '', null, '', null, 1),
    (1, 1, 'fall', 'fall', 1, 'closed', '2026-04-01 04:00+00', null, '2026-04-01 03:00+00', '2026-04-01 03:00+00',
        '2026-04-01 03:01+00', 1, 'bathroom', '{}', '向小妹', 'A2', 'helped up', '2026-04-01 04:00+00', 7);
insert into incident_alarm (alarm_id, incident_id, home_id) values ('01J00000000000000000000001', 1, 1);
insert into incident_event values
    (1, 1, '2026-05-01 03:00+00', 'gateway:gw-1', 'alarm', '', 'raised', '{"actions": ["voice"]}'),
    (2, 1, '2026-04-01 03:01+00', 'staff:1', 'ack', 'raised', 'acknowledged', '{}');
insert into rung values
    (1, 1, 1, '向小妹', 'family', '+8613900000001', true, 'zh-Hans', '{sms:+8613900000001}', 'asked', '2026-05-01 03:00+00', null);
insert into escalation values (1, 1, '2026-05-01 03:02+00');
insert into message (incident_id, step, channel, address, locale, template, params, state, attempts, due_at, created_at)
values (1, 1, 'sms', 'sms:+8613900000001', 'zh-Hans', 'ask', '{"resident": "向秀英"}', 'accepted', 1, null, '2026-05-01 03:00+00');
insert into receipt values (1, '2026-05-01 03:00+00', 'accepted', 'id 7');
insert into answer_token values ('\x0202', 1, '2026-05-01 03:00+00');
insert into idempotency values (1, 'k1', '2026-05-01', '{"id": 2}');
select append_change(1, 1, 'inc', '{"id": 1}', '2026-05-01 03:00+00');
insert into command (id, incident_id, gateway_id, name, args, created_at, until, attempts, sent_at, answered_at, ok, detail)
values ('c1', 1, 'gw-1', 'coming', '{"coming": true}', '2026-05-01', '2026-05-02', 1, '2026-05-01', '2026-05-01', true, 'said');
insert into plan values (1, 3, '{"person": {"wanders": true}}', null);
insert into text_message values ('\x03', 'gw-1', '01J00000000000000000000001', false, '2026-05-01 03:00+00');
insert into second_path (gateway_id, heard_at, due_at) values ('gw-1', '2026-05-01', '2026-06-01');
insert into anchor values ('gw-1', 'b1', '2026-05-01', '2026-05-01 00:01+00', 'e1', 1, 4, '2026-05-01 00:02+00');
insert into timeline (gateway_id, epoch, lane, boot, believed_at, first_seq, last_seq, first_at, last_at, mark)
values ('gw-1', 'e1', 't', 'b1', '2026-05-01', 2, 2, '2026-05-01 02:59+00', '2026-05-01 02:59+00', 'anchored');
insert into claim (gateway_id, code_hash, hardware, made_at, expires_at, used_at)
values ('gw-1', '\x04', 'serial-1', '2026-04-01', '2026-04-02', '2026-04-01');
insert into certificate values ('0a', 'gw-1', 1, '\x05', 'PEM', '2026-04-01', '2027-04-01', null);
insert into enrolment_step (at, gateway_id, actor, action) values ('2026-04-01', 'gw-1', 'gateway:gw-1', 'enrolled');
