CREATE TABLE guest_invites (
    member_id bigint NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    document_id bigint NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    invited_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (member_id, document_id)
);
