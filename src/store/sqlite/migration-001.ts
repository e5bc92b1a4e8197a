/**
 * First schema. `jobs` is narrow, one column per value a search looks at, and the documents are apart, so that
 * filters and sorts read few pages. `seq` is the key inside the database: short in every index, gone with the job.
 */
export const FIRST_SCHEMA = `
CREATE TABLE jobs (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  project_id TEXT NOT NULL,
  workspace_id TEXT NOT NULL,
  owner_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  name TEXT NOT NULL,
  name_folded TEXT NOT NULL,
  kind TEXT NOT NULL,
  phase TEXT NOT NULL,
  secondary_phase TEXT NOT NULL,
  is_final INTEGER NOT NULL,
  create_time INTEGER NOT NULL,
  start_time INTEGER,
  end_time INTEGER,
  deleted_at INTEGER,
  duration_ms INTEGER NOT NULL,
  priority INTEGER,
  user_name TEXT,
  user_name_folded TEXT,
  algorithm_id TEXT,
  algorithm_name TEXT,
  algorithm_name_folded TEXT,
  pool_id TEXT,
  flavor_id TEXT,
  flavor_type TEXT,
  engine_name TEXT,
  runtime_type TEXT,
  experiment_id TEXT,
  description_folded TEXT
) STRICT;

CREATE UNIQUE INDEX jobs_by_name ON jobs (project_id, workspace_id, name) WHERE deleted_at IS NULL;
CREATE INDEX jobs_by_time ON jobs (project_id, workspace_id, create_time DESC, id) WHERE deleted_at IS NULL;
CREATE INDEX jobs_by_owner ON jobs (project_id, workspace_id, owner_id, create_time DESC, id)
  WHERE deleted_at IS NULL;
CREATE INDEX jobs_by_phase ON jobs (project_id, workspace_id, phase, create_time DESC, id)
  WHERE deleted_at IS NULL;
CREATE INDEX jobs_active ON jobs (create_time, id) WHERE is_final = 0 OR deleted_at IS NOT NULL;

CREATE TABLE job_documents (
  job INTEGER PRIMARY KEY REFERENCES jobs (seq) ON DELETE CASCADE,
  document TEXT NOT NULL,
  run TEXT,
  secrets TEXT NOT NULL
) STRICT;

CREATE TABLE job_tags (
  job INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (job, key, value)
) STRICT, WITHOUT ROWID;

CREATE TABLE job_hosts (
  job INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
  schedule_count INTEGER NOT NULL,
  task TEXT NOT NULL,
  ip TEXT NOT NULL,
  host_ip TEXT NOT NULL,
  host_key TEXT NOT NULL,
  UNIQUE (job, schedule_count, task)
) STRICT;
CREATE INDEX job_hosts_by_host ON job_hosts (host_key, job);

CREATE TABLE moves (
  seq INTEGER PRIMARY KEY,
  job INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
  version INTEGER NOT NULL,
  from_phase TEXT,
  to_phase TEXT NOT NULL,
  secondary_phase TEXT NOT NULL,
  reason TEXT,
  time INTEGER NOT NULL
) STRICT;
CREATE INDEX moves_by_job ON moves (job);

CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  job INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
  source TEXT NOT NULL,
  level TEXT NOT NULL,
  message TEXT NOT NULL,
  message_folded TEXT NOT NULL,
  time INTEGER NOT NULL
) STRICT;
CREATE INDEX events_by_time ON events (job, time);
CREATE INDEX events_of_backend ON events (job, time) WHERE source = 'K8S';

CREATE TABLE event_counts (
  job INTEGER PRIMARY KEY REFERENCES jobs (seq) ON DELETE CASCADE,
  kept INTEGER NOT NULL
) STRICT;

CREATE TABLE metrics (
  job INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
  task TEXT NOT NULL,
  minute INTEGER NOT NULL,
  cpu REAL NOT NULL,
  mem REAL NOT NULL,
  gpu REAL NOT NULL,
  gpu_mem REAL NOT NULL,
  npu REAL NOT NULL,
  npu_mem REAL NOT NULL,
  PRIMARY KEY (job, task, minute)
) STRICT, WITHOUT ROWID;

CREATE TABLE domains (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;

CREATE TABLE projects (
  id TEXT PRIMARY KEY,
  domain_id TEXT NOT NULL REFERENCES domains (id),
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  UNIQUE (domain_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
  id TEXT PRIMARY KEY,
  domain_id TEXT NOT NULL REFERENCES domains (id),
  name TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  role TEXT NOT NULL,
  UNIQUE (domain_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE access_keys (
  access_key TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id),
  project_id TEXT NOT NULL REFERENCES projects (id),
  sealed_secret TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
  hash TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id),
  project_id TEXT REFERENCES projects (id),
  issued_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_by_expiry ON tokens (expires_at);

CREATE TABLE workspaces (
  project_id TEXT NOT NULL REFERENCES projects (id),
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  owner_id TEXT NOT NULL REFERENCES users (id),
  member_ids TEXT NOT NULL,
  PRIMARY KEY (project_id, id)
) STRICT, WITHOUT ROWID;
`
