-- Ways back for whoever lost theirs (docs/adr/0044): a password that is good for choosing another one only, and an
-- authenticator that takes the place of the one in force once it is proved.

alter table staff
    add column password_until timestamptz;                        -- a one-time password, until then; null: one's own

alter table second_factor
    add column next_secret text,                                  -- sealed; of the authenticator that shall take its place
    add column next_until  timestamptz,                           -- how long it may still be proved
    add constraint next_is_whole check ((next_secret is null) = (next_until is null));
