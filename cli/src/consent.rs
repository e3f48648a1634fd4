//! The yes that a command needs before it changes what others use: from the command line, or from a person.
//!
//! Knows how many changes wait, and not what they are: whoever asks has shown its plan.

use std::io::{self, BufRead, IsTerminal, Write};

use clap::Args;

use crate::error::Error;
use crate::interrupt;

/// Whether to ask.
#[derive(Args)]
pub struct Consent {
    /// Do it without asking
    #[arg(long)]
    yes: bool,
}

impl Consent {
    /// Ends with [`Error::Pending`] unless so many changes may be made: nobody is asked about none, nor where a program
    /// reads the answer or standard input is no terminal. The question does not mix with what a command prints.
    pub fn to(&self, changes: usize, is_for_program: bool) -> Result<(), Error> {
        if changes == 0 || self.yes {
            return Ok(());
        }
        let is_wanted = !is_for_program
            && io::stdin().is_terminal()
            && asked(changes, &mut io::stderr(), &mut io::stdin().lock())
                .map_err(Error::io("ask at", "the terminal"))?;
        interrupt::check()?;
        if is_wanted {
            return Ok(());
        }
        Err(Error::Pending(format!("changes to be made: {changes}; --yes makes them")))
    }
}

/// Whether a person says yes; the end of the input is a no.
fn asked(changes: usize, question: &mut impl Write, answer: &mut impl BufRead) -> io::Result<bool> {
    write!(question, "changes to be made: {changes}. Make them? [y/N] ")?;
    question.flush()?;
    let mut line = String::new();
    answer.read_line(&mut line)?;
    Ok(matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_one() {
        for (answer, is_yes) in [
            ("y\n", true),
            (" YES \r\n", true),
            ("", false),
            ("\n", false),
            ("n\n", false),
            ("yesterday\n", false),
        ] {
            let mut question = Vec::new();
            let said = asked(2, &mut question, &mut answer.as_bytes()).expect("an answer");
            assert_eq!(said, is_yes, "{answer:?}");
            assert_eq!(question, b"changes to be made: 2. Make them? [y/N] ");
        }
    }

    #[test]
    fn nobody_is_asked_about_nothing_or_after_a_yes_on_the_command_line() {
        let (given, open) = (Consent { yes: true }, Consent { yes: false });
        assert!(open.to(0, true).is_ok() && given.to(2, true).is_ok());
        let refused = open.to(2, true).expect_err("nobody says yes");
        assert_eq!(refused.exit_status(), 3);
        assert_eq!(refused.to_string(), "changes to be made: 2; --yes makes them");
    }
}
