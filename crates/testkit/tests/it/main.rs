//! The workspace's shape, and that the testkit's own oracles and fixtures work.

mod architecture;
mod build;
mod committed;
mod laws;
mod licences;
mod peers;
