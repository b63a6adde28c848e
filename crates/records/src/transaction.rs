//! How jobs become transactions, on any connection.

use std::time::Duration;

use crate::{ReadJob, RecordsError, Row, Sql, Value, WriteJob};

/// Tries to commit a group that meets other transactions before its jobs are refused.
const ATTEMPTS: u32 = 10;

/// One step of transaction control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Begin,
    /// As [`Step::Begin`], and a crash of the machine may lose what is committed, though never a part of it.
    BeginUnsynced,
    BeginRead,
    Commit,
    Rollback,
    Savepoint,
    Release,
    RollbackToSavepoint,
}

/// One connection.
pub(crate) trait Session: Sql {
    /// Makes sure that the connection stands, which may mean to connect again.
    fn make_ready(&mut self) -> Result<(), RecordsError>;

    /// Takes one step of transaction control.
    fn step(&mut self, step: Step) -> Result<(), RecordsError>;
}

/// The job's view of a session: it remembers the first failure, so that a job cannot succeed past a failed statement.
struct Statements<'a, S> {
    session: &'a mut S,
    failure: Option<RecordsError>,
}

impl<S: Session> Statements<'_, S> {
    fn run<T>(
        &mut self,
        statement: impl FnOnce(&mut S) -> Result<T, RecordsError>,
    ) -> Result<T, RecordsError> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        let answer = statement(self.session);
        if let Err(failure) = &answer {
            self.failure = Some(failure.clone());
        }
        answer
    }
}

impl<S: Session> Sql for Statements<'_, S> {
    fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, RecordsError> {
        self.run(|session| session.execute(sql, params))
    }

    fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, RecordsError> {
        self.run(|session| session.query(sql, params))
    }
}

/// Runs the statements of one job inside whatever is open.
pub(crate) fn run_job<S: Session>(session: &mut S, job: &mut dyn WriteJob) -> Result<(), RecordsError> {
    let mut statements = Statements { session, failure: None };
    let outcome = job.run(&mut statements);
    match statements.failure {
        Some(failure) => Err(failure),
        None => outcome,
    }
}

/// Runs a reading job on one snapshot.
pub(crate) fn read<S: Session>(session: &mut S, job: Box<dyn ReadJob>) {
    if let Err(why) = session.make_ready().and_then(|()| session.step(Step::BeginRead)) {
        return job.run(Err(why));
    }
    job.run(Ok(&mut Statements { session: &mut *session, failure: None }));
    // Nothing was written; a connection that broke is found out by the next `make_ready`.
    let _ended = session.step(Step::Rollback);
}

/// Commits a group of jobs together and finishes each. Returns why the store must stop, if it must. `begin` says whether
/// somebody waits for it to be durable.
pub(crate) fn commit_group<S: Session>(
    session: &mut S,
    mut jobs: Vec<Box<dyn WriteJob>>,
    begin: Step,
) -> Result<(), RecordsError> {
    let mut attempt = 0;
    loop {
        match try_group(session, &mut jobs, begin) {
            Ok(outcomes) => {
                for (job, outcome) in jobs.into_iter().zip(outcomes) {
                    job.finish(outcome);
                }
                return Ok(());
            }
            Err(RecordsError::Contended) if attempt < ATTEMPTS => {
                std::thread::sleep(Duration::from_millis(1 << attempt.min(6)));
                attempt += 1;
            }
            Err(why) => {
                for job in jobs {
                    job.finish(Err(why.clone()));
                }
                return if why.is_final() { Err(why) } else { Ok(()) };
            }
        }
    }
}

/// Outcomes of the jobs of a group that committed.
type Outcomes = Vec<Result<(), RecordsError>>;

/// First without savepoints, in the hope that no job fails; where one does, again with a savepoint around each.
fn try_group<S: Session>(
    session: &mut S,
    jobs: &mut [Box<dyn WriteJob>],
    begin: Step,
) -> Result<Outcomes, RecordsError> {
    session.make_ready()?;
    session.step(begin)?;
    let all = jobs.iter_mut().try_for_each(|job| run_job(session, job.as_mut()));
    match all {
        Ok(()) => {
            commit(session)?;
            Ok(vec![Ok(()); jobs.len()])
        }
        Err(why) => {
            // What counts is why the job failed; that a broken connection cannot roll back is no news.
            let rolled_back = session.step(Step::Rollback);
            if why.breaks_the_group() {
                return Err(why);
            }
            rolled_back?;
            if let [_only] = jobs { Ok(vec![Err(why)]) } else { try_each(session, jobs) }
        }
    }
}

fn try_each<S: Session>(session: &mut S, jobs: &mut [Box<dyn WriteJob>]) -> Result<Outcomes, RecordsError> {
    session.step(Step::Begin)?;
    let mut outcomes = Vec::with_capacity(jobs.len());
    for job in jobs {
        let outcome = in_savepoint(session, job.as_mut());
        if let Err(why) = &outcome
            && why.breaks_the_group()
        {
            let _rolled_back = session.step(Step::Rollback);
            return Err(why.clone());
        }
        outcomes.push(outcome);
    }
    commit(session)?;
    Ok(outcomes)
}

/// Leaves no transaction open, whether it commits or not.
fn commit<S: Session>(session: &mut S) -> Result<(), RecordsError> {
    session.step(Step::Commit).inspect_err(|_| {
        // Why the commit failed is what counts; where it ended the transaction, there is nothing to roll back.
        let _rolled_back = session.step(Step::Rollback);
    })
}

/// Runs one job so that it leaves nothing behind where it fails.
pub(crate) fn in_savepoint<S: Session>(session: &mut S, job: &mut dyn WriteJob) -> Result<(), RecordsError> {
    session.step(Step::Savepoint)?;
    let outcome = run_job(session, job);
    match &outcome {
        Ok(()) => session.step(Step::Release)?,
        Err(why) if why.breaks_the_group() => {}
        Err(_) => {
            session.step(Step::RollbackToSavepoint)?;
            session.step(Step::Release)?;
        }
    }
    outcome
}
