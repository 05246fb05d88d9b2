//! Keys that are no files, through the command.

mod adopt;
mod command;
mod lifecycle;
mod objects;
mod token;
