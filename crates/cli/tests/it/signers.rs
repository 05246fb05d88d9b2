//! Keys that are no files, through the command.

mod command;
mod objects;
mod token;
