//! Everything that the embedded engine is measured beside, each with its own stream of transfers.

use std::time::Duration;

use ledger::{BATCH_MAX, Engine};
use ledger_postgres::PostgresEngine;

use super::super::figures::Slice;
use super::super::scratch::Scratch;
use super::driver;
use super::postgres_server::Server;
use super::postgres_tables::{PostgresTables, naive_slice};
use super::sqlite::SqliteLedger;
use super::workload::{Ids, Mix, Workload};
use crate::exit::Failure;

/// Accounts of the uniform workload.
pub(super) const ACCOUNTS: u32 = 10_000;

/// How much each contender does in a round.
#[derive(Clone, Copy, Debug)]
pub(super) struct RoundSize {
    /// Batches of the embedded engine, and as many appends of the same bytes.
    pub(super) batches: usize,
    /// Batches of SQLite.
    pub(super) sqlite_batches: usize,
    /// Batches of each batched PostgreSQL contender.
    pub(super) postgres_batches: usize,
    /// How long the naive contender works.
    pub(super) naive: Duration,
}

impl RoundSize {
    /// For so many transfers in so many rounds. Slow contenders do less, but enough for a rate.
    pub(super) fn of(transfers: u64, rounds: usize) -> Self {
        let per_round = usize::try_from(transfers).unwrap_or(usize::MAX) / rounds;
        let batches = per_round.div_ceil(BATCH_MAX).max(1);
        Self {
            batches,
            sqlite_batches: (batches / 10).clamp(2, 12),
            postgres_batches: (batches / 20).clamp(2, 6),
            naive: Duration::from_millis((batches as u64 * 10).clamp(200, 1_000)),
        }
    }
}

/// What each plain solution did, a slice a round.
#[derive(Debug, Default)]
pub(super) struct BaselineRounds {
    pub(super) sqlite: Vec<Slice>,
    pub(super) postgres_naive: Vec<Slice>,
    pub(super) postgres_batched: Vec<Slice>,
    pub(super) postgres_engine: Vec<Slice>,
}

/// SQLite, and PostgreSQL where there is one.
pub(super) struct Baselines {
    sqlite: SqliteLedger,
    sqlite_workload: Workload,
    postgres: Option<PostgresContenders>,
    pub(super) rounds: BaselineRounds,
}

impl Baselines {
    pub(super) fn create(scratch: &Scratch, postgres: Option<&str>) -> Result<Self, Failure> {
        let mut sqlite_workload = plain_workload();
        let sqlite = SqliteLedger::create(&scratch.join("baseline.sqlite"), &mut sqlite_workload)?;
        let server = Server::find(postgres, scratch.path())?;
        let postgres = server.map(PostgresContenders::create).transpose()?;
        Ok(Self { sqlite, sqlite_workload, postgres, rounds: BaselineRounds::default() })
    }

    pub(super) fn round(&mut self, round: usize, size: RoundSize) -> Result<(), Failure> {
        let slice = self.sqlite.slice(&mut self.sqlite_workload, size.sqlite_batches, BATCH_MAX)?;
        self.rounds.sqlite.push(slice);
        let Some(postgres) = &mut self.postgres else { return Ok(()) };
        self.rounds.postgres_naive.push(postgres.naive(round, size)?);
        let (batched, engine) = postgres.batched_and_engine(size)?;
        self.rounds.postgres_batched.push(batched);
        self.rounds.postgres_engine.push(engine);
        Ok(())
    }

    /// Takes everything down; what was measured stays.
    pub(super) fn finish(self) -> Result<BaselineRounds, Failure> {
        if let Some(postgres) = self.postgres {
            postgres.remove()?;
        }
        Ok(self.rounds)
    }
}

/// What plain solutions can do: no two-phase transfers. Time-ordered ids, which suit their B-trees best.
fn plain_workload() -> Workload {
    Workload::new(1, ACCOUNTS, Ids::TimeOrdered, Mix::SinglePhase)
}

/// The naive and the batched solution, and Sycee's own engine on PostgreSQL.
struct PostgresContenders {
    naive_url: String,
    tables: PostgresTables,
    tables_workload: Workload,
    engine: Box<dyn Engine>,
    engine_workload: Workload,
    server: Server,
}

const SCHEMAS: [&str; 3] = ["naive", "batched", "engine"];

impl PostgresContenders {
    fn create(server: Server) -> Result<Self, Failure> {
        let [naive, batched, engine] = SCHEMAS;
        let naive_url = server.schema(naive)?;
        PostgresTables::create(&naive_url, &mut plain_workload())?;
        let mut tables_workload = plain_workload();
        let tables = PostgresTables::create(&server.schema(batched)?, &mut tables_workload)?;
        let mut engine_workload = plain_workload();
        let mut engine = connect(&server.schema(engine)?)?;
        driver::found_engine(&mut *engine, &mut engine_workload)?;
        Ok(Self { naive_url, tables, tables_workload, engine, engine_workload, server })
    }

    fn naive(&self, round: usize, size: RoundSize) -> Result<Slice, Failure> {
        // Round 0 of the numbers of ids belongs to the funding transfers.
        Ok(naive_slice(&self.naive_url, ACCOUNTS, round as u64 + 1, size.naive)?)
    }

    /// A batch each in turns, so that a slow moment of the machine meets both and neither always follows the other.
    fn batched_and_engine(&mut self, size: RoundSize) -> Result<(Slice, Slice), Failure> {
        let (mut batched, mut engine) = (Slice::default(), Slice::default());
        for turn in 0..size.postgres_batches {
            if turn.is_multiple_of(2) {
                batched = batched.and(self.batched()?);
                engine = engine.and(self.engine()?);
            } else {
                engine = engine.and(self.engine()?);
                batched = batched.and(self.batched()?);
            }
        }
        Ok((batched, engine))
    }

    fn batched(&mut self) -> Result<Slice, Failure> {
        Ok(self.tables.slice(&mut self.tables_workload, 1, BATCH_MAX)?)
    }

    fn engine(&mut self) -> Result<Slice, Failure> {
        driver::engine_slice(&mut *self.engine, &mut self.engine_workload, 1, BATCH_MAX)
    }

    fn remove(self) -> Result<(), Failure> {
        let Self { server, tables, engine, .. } = self;
        drop((tables, engine));
        SCHEMAS.iter().try_for_each(|name| server.remove_schema(name))
    }
}

fn connect(url: &str) -> Result<Box<dyn Engine>, Failure> {
    Ok(Box::new(PostgresEngine::connect(url)?))
}
