//! Qingliu Town: one deterministic economy, as demo and as whole-system simulation.
//!
//! * [`economy`]: the people and what they mean to do; pure, one seed gives one life.
//! * [`founding`]: how the system learns of them. [`perform`]: how it receives what they ask for.
//! * [`simulation`]: the economy over the whole system with faults, in one thread, reproducible: [`run_headless`].
//! * [`live`]: the economy over real stores, served in the same process: [`run_live`].

pub mod economy;
pub mod founding;
mod headless;
pub mod live;
pub mod perform;
mod poll;
mod set_clock;
pub mod simulation;

pub use headless::{HeadlessOptions, HeadlessReport, run_headless};
pub use live::{LiveError, LiveOptions, run_live};
pub use set_clock::SetClock;
