//! Packages and repositories against real tools, real files, and every kind of damage.

mod cases;
mod common;
mod repositories;
mod signing;
mod vectors;
