//! Crashes: whatever the disk loses, what was acknowledged is there afterwards and nothing else is.

use ledger::memory::MemoryEngine;
use ledger::{Engine, Timestamp};
use ledger_embedded::storage::{DiskFault, SimDisk, SyncSite};
use ledger_embedded::{EmbeddedEngine, verify};

use crate::workload::{OPTIONS, Workload, assert_same, everything, open};

struct World {
    seed: u64,
    disk: SimDisk,
    engine: EmbeddedEngine<SimDisk>,
    /// What was acknowledged.
    model: MemoryEngine,
    workload: Workload,
}

impl World {
    fn new(seed: u64) -> Self {
        Self::on(SimDisk::new(), seed)
    }

    fn on(disk: SimDisk, seed: u64) -> Self {
        let mut world = Self {
            seed,
            engine: open(&disk),
            disk,
            model: MemoryEngine::new(),
            workload: Workload::new(seed),
        };
        let accounts = Workload::accounts();
        world.engine.create_accounts(Timestamp(1), &accounts).expect("a healthy disk");
        world.model.create_accounts(Timestamp(1), &accounts).expect("memory");
        world
    }

    /// One acknowledged batch, its answer the same as the model's.
    fn step(&mut self) {
        let (now, batch) = (self.workload.now(), self.workload.batch());
        let answer = self.engine.create_transfers(now, &batch).expect("a healthy disk");
        assert_eq!(answer, self.model.create_transfers(now, &batch).expect("memory"), "seed {}", self.seed);
    }

    /// One batch that meets a fault. It either happened or did not: the model follows what the disk says after `crash`.
    fn faulty_step(&mut self, fault: DiskFault, crash: impl FnOnce(&SimDisk)) {
        let (now, batch) = (self.workload.now(), self.workload.batch());
        self.disk.order_fault(fault);
        let answer = self.engine.create_transfers(now, &batch);
        crash(&self.disk);
        self.engine = open(&self.disk);
        let ids = self.workload.ids_so_far();
        let mut with = self.model.clone();
        with.create_transfers(now, &batch).expect("memory");
        // What had expired before the batch may have become durable without it.
        let mut expired = self.model.clone();
        expired.advance(now).expect("memory");
        let found = everything(&mut self.engine, &ids);
        let is_found =
            |model: &mut MemoryEngine, time| everything(model, &ids) == found && model.time() == time;
        let time = self.engine.time();
        if is_found(&mut with, time) {
            self.model = with;
            return;
        }
        assert!(answer.is_err(), "seed {}: an acknowledged batch is lost", self.seed);
        if is_found(&mut expired, time) {
            self.model = expired;
            return;
        }
        assert_same(&mut self.engine, &mut self.model, &ids, &format!("seed {}", self.seed));
    }

    fn crash(&mut self) {
        let seed = self.workload.below(u64::MAX);
        self.disk.crash(seed);
        self.engine = open(&self.disk);
        let recovery = self.engine.recovery();
        assert_eq!(
            recovery.snapshots_skipped, 0,
            "seed {}: a snapshot was torn under its own name",
            self.seed
        );
        assert_eq!(recovery.indexes_damaged, 0, "seed {}: an index was torn under its own name", self.seed);
        let ids = self.workload.ids_so_far();
        assert_same(&mut self.engine, &mut self.model, &ids, &format!("seed {}", self.seed));
    }

    fn verify(&self) {
        let verification = verify(self.disk.deep_clone()).expect("a readable ledger");
        assert_eq!(verification.findings, [], "seed {}", self.seed);
    }

    fn random_fault(&mut self) -> DiskFault {
        let nth = 1 + self.workload.below(4) as u32;
        match self.workload.below(4) {
            0 => DiskFault::WriteNoSpace(nth),
            1 => DiskFault::WriteError(nth),
            2 => DiskFault::KillAtSync(nth),
            _ => DiskFault::SyncError(nth),
        }
    }
}

fn run(seed: u64) {
    let mut world = World::new(seed);
    for _ in 0..40 {
        match world.workload.below(10) {
            0 => world.crash(),
            1 => {
                let fault = world.random_fault();
                let seed = world.workload.below(u64::MAX);
                world.faulty_step(fault, |disk| disk.crash(seed));
            }
            _ => world.step(),
        }
    }
    world.crash();
    world.verify();
}

#[test]
fn what_was_acknowledged_survives_every_crash_and_nothing_else_does() {
    for seed in 0..400 {
        run(seed);
    }
}

#[test]
fn a_crash_during_recovery_and_during_the_recovery_of_that_loses_nothing() {
    for seed in 0..150 {
        let mut world = World::new(seed);
        for _ in 0..30 {
            world.step();
        }
        for round in 0..3 {
            world.disk.crash(seed * 3 + round);
            world.disk.order_fault(DiskFault::SyncError(1 + round as u32 % 2));
            let _may_fail = EmbeddedEngine::open_with(world.disk.clone(), OPTIONS);
        }
        world.crash();
        world.step();
        world.crash();
        world.verify();
    }
}

#[test]
fn after_a_storage_error_nothing_more_is_acknowledged() {
    for fault in [DiskFault::WriteNoSpace(1), DiskFault::WriteError(1), DiskFault::SyncError(1)] {
        let mut world = World::new(1);
        world.step();
        world.disk.order_fault(fault);
        let (now, batch) = (world.workload.now(), world.workload.batch());
        assert!(world.engine.create_transfers(now, &batch).is_err());
        world.disk.restart();
        assert!(world.engine.create_transfers(now, &batch).is_err(), "{fault:?}");
        assert!(world.engine.lookup_accounts(&[]).is_err(), "{fault:?}");
        assert!(world.engine.flush().is_err(), "{fault:?}");
    }
}

#[test]
fn what_a_restarted_process_has_shown_survives_the_power_cut_after_it() {
    let mut shown_more = 0;
    for seed in 0..200 {
        let mut world = World::new(seed);
        world.step();
        world.disk.order_fault(DiskFault::KillAtSync(1));
        loop {
            let (now, batch) = (world.workload.now(), world.workload.batch());
            if world.engine.create_transfers(now, &batch).is_err() {
                break;
            }
        }
        world.disk.restart();
        world.engine = open(&world.disk);
        let ids = world.workload.ids_so_far();
        let shown = everything(&mut world.engine, &ids);
        shown_more += u32::from(shown != everything(&mut world.model, &ids));
        world.disk.crash(seed);
        world.engine = open(&world.disk);
        assert_eq!(shown, everything(&mut world.engine, &ids), "seed {seed}");
    }
    assert!(shown_more > 20, "the kill must sometimes leave a written but unsynced frame to be shown");
}

#[test]
fn after_a_clean_close_nothing_is_replayed_even_when_the_power_fails() {
    for seed in 0..40 {
        let mut world = World::new(seed);
        for _ in 0..20 {
            world.step();
        }
        let World { engine, disk, .. } = world;
        engine.close().expect("a healthy disk");
        disk.crash(seed);
        assert_eq!(open(&disk).recovery().frames_replayed, 0, "seed {seed}");
    }
}

/// Whether the suite notices that the syncs of this place are missing.
fn is_noticed(site: SyncSite) -> bool {
    let noticed = |seed: u64| {
        let run = move || {
            let disk = SimDisk::new();
            disk.ignore_syncs(site);
            let mut world = World::on(disk, seed);
            for _ in 0..30 {
                world.step();
            }
            world.crash();
        };
        std::panic::catch_unwind(run).is_err()
    };
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let found = (0..300).any(noticed);
    std::panic::set_hook(hook);
    found
}

#[test]
fn a_missing_sync_is_noticed_at_every_place_that_has_one() {
    for site in [SyncSite::Journal, SyncSite::Snapshot, SyncSite::Index, SyncSite::Directory] {
        assert!(is_noticed(site), "{site:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let bytes = |seed| {
        let mut world = World::new(seed);
        for _ in 0..30 {
            world.step();
        }
        world.disk.bytes("journal-00000001").expect("the workload fills more than one segment")
    };
    assert_eq!(bytes(5), bytes(5));
}
