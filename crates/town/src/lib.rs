//! Qingliu Town: one deterministic economy, as demo and as whole-system simulation.

pub mod economy;
