CREATE TABLE share_links (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document_id bigint NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    created_by bigint NOT NULL REFERENCES members (id),
    token text NOT NULL,
    passcode_hash text,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- An owner may forbid new links to a document.
ALTER TABLE documents ADD COLUMN shareable boolean NOT NULL;

DROP TABLE guest_invites;
UPDATE members SET role = 'viewer' WHERE role = 'guest';
