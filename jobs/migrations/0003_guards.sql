-- A job is asked for once, taken with a lease, and ends once. What it is about never changes.

CALL app_may('jobs_job', inserts => '*',
             updates => 'state, attempts, written_off, not_before, lease_until, finished_at, '
                        'progress_done, progress_total, error');
CALL app_may('jobs_attempt', inserts => '*', updates => 'ended_at, error');
CALL app_may('jobs_heartbeat', inserts => '*', updates => 'seen_at');

CALL guard('jobs_job', 'begins_pending', 'INSERT',
           'NEW.state <> ''pending'' OR NEW.attempts <> 0 OR NEW.written_off <> 0'
           ' OR NEW.lease_until IS NOT NULL OR NOT is_now(NEW.created_at)',
           'a job begins as pending, now and without an attempt');

-- The ways of a job.
CREATE TABLE job_move (start text, target text, PRIMARY KEY (start, target));
CALL app_may('job_move');
INSERT INTO job_move VALUES
    ('pending', 'running'), ('pending', 'cancelled'),
    ('running', 'done'), ('running', 'failed'), ('running', 'pending'), ('running', 'cancelled'),
    ('failed', 'pending');

CREATE FUNCTION job_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state = OLD.state AND OLD.finished_at IS NOT NULL THEN
        -- Parts that end later still count in the progress of the job that began them.
        IF (NEW.attempts, NEW.written_off, NEW.not_before, NEW.lease_until, NEW.finished_at,
            NEW.error)
           IS DISTINCT FROM (OLD.attempts, OLD.written_off, OLD.not_before, OLD.lease_until,
                             OLD.finished_at, OLD.error) THEN
            RAISE EXCEPTION 'a job that ended stays as it ended' USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.state <> OLD.state
       AND NOT EXISTS (SELECT FROM job_move WHERE start = OLD.state AND target = NEW.state) THEN
        RAISE EXCEPTION 'a job that is % does not become %', OLD.state, NEW.state
            USING ERRCODE = '23514';
    END IF;
    IF NEW.attempts NOT IN (OLD.attempts, OLD.attempts + 1)
       OR NEW.attempts > OLD.attempts AND NEW.state <> 'running' THEN
        RAISE EXCEPTION 'attempts are counted one by one, when a job is taken'
            USING ERRCODE = '23514';
    END IF;
    IF NEW.state = 'running' AND NEW.attempts = OLD.attempts AND OLD.state <> 'running' THEN
        RAISE EXCEPTION 'who takes a job counts the attempt' USING ERRCODE = '23514';
    END IF;
    IF NEW.written_off <> OLD.written_off AND OLD.state <> 'failed' THEN
        RAISE EXCEPTION 'attempts are written off when a failed job begins anew'
            USING ERRCODE = '23514';
    END IF;
    IF NEW.finished_at IS DISTINCT FROM OLD.finished_at AND NEW.finished_at IS NOT NULL
       AND NOT is_now(NEW.finished_at) THEN
        RAISE EXCEPTION 'a job ends now' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CALL guard_by('jobs_job', 'job_guard', 'UPDATE');

CALL guard('jobs_job', 'due_soon', 'UPDATE OF not_before, lease_until',
           'NEW.not_before > greatest(OLD.not_before, clock_timestamp() + interval ''1 day'')'
           ' OR NEW.lease_until > clock_timestamp() + interval ''1 hour''',
           'a job waits for a day at most, and is held for an hour');

-- That people ask for a failed job again, or for none, is told.
CREATE FUNCTION job_told_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT is_told('job:' || NEW.id, ARRAY[
        CASE NEW.state WHEN 'cancelled' THEN 'job.cancelled' ELSE 'job.retried' END]) THEN
        RAISE EXCEPTION 'a job begins anew or is cancelled with an event that tells of it'
            USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
CALL guard_at_end('jobs_job', 'job_told_guard', 'UPDATE OF state',
                  'NEW.state <> OLD.state'
                  ' AND (OLD.state = ''failed'' OR NEW.state = ''cancelled'')');

CALL guard('jobs_attempt', 'begins_now', 'INSERT',
           'NEW.ended_at IS NOT NULL OR NOT is_now(NEW.began_at)', 'an attempt begins now');
CALL guard('jobs_attempt', 'ends_once', 'UPDATE',
           'OLD.ended_at IS NOT NULL OR NOT is_now(NEW.ended_at)', 'an attempt ends once, and now');
