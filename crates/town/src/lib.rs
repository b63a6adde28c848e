//! Qingliu Town: one deterministic economy, as demo and as whole-system simulation.
//!
//! * [`economy`]: the people and what they mean to do; pure, one seed gives one life.
//! * [`founding`]: how the system learns of them.
//! * [`simulation`]: the economy over the whole system with faults, in one thread, reproducible.

pub mod economy;
pub mod founding;
pub mod simulation;
