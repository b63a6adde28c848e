//! The whole system under simulation: the same economy as the demo, over the real operations, engine, records and bank,
//! in one thread, with everything that can go wrong drawn from one seed.
//!
//! * [`economy`](crate::economy) says what people mean to do; [`run`] sends it, again, late, twice or altered.
//! * [`world`] is the system; [`ports`] is where it meets the world, and where the power may fail between two steps.
//! * [`books`] and [`clients`] know independently what must be so; [`checks`] compares after every event.
//! * [`defects`] are systems with something wrong, which the checks must find.

pub mod books;
pub mod checks;
pub mod clients;
pub mod defects;
pub mod faults;
pub mod ports;
pub mod report;
pub mod run;
pub mod run_set;
pub mod trace;
pub mod world;

pub use defects::Defect;
pub use faults::{FaultKind, Situation};
pub use report::{Report, RunSetReport};
pub use run::{RunOptions, run};
pub use run_set::{RunSetOptions, run_set};
