//! A reader of our output that goes away, as `head` does: nobody is left to tell, so the command ends without a word.

use std::any::Any;
use std::panic;

/// Lets the command unwind as in any panic, so that what it started is stopped, but says nothing about a closed pipe.
pub fn may_leave() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !is_gone(info.payload()) {
            usual(info);
        }
    }));
}

/// Whether this is what `println!` or `eprintln!` panics with when nobody reads any more.
fn is_gone(payload: &(dyn Any + Send)) -> bool {
    let words = payload.downcast_ref::<String>().map(String::as_str);
    words.is_some_and(|words| words.starts_with("failed printing to ") && words.contains("Broken pipe"))
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    #[test]
    fn a_reader_that_leaves_hears_of_no_panic() {
        let program = std::env::current_exe().expect("the test has a file");
        let mut child = Command::new(program)
            .args(["--exact", "reader::tests::prints_without_end", "--ignored", "--nocapture"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it runs");
        let mut first = String::new();
        let mut out = BufReader::new(child.stdout.take().expect("piped"));
        out.read_line(&mut first).expect("a line");
        drop(out);
        let ended = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(!ended.status.success() && !said.contains("panicked"), "{said}");
    }

    #[test]
    #[ignore = "run by the test above, in a process of its own"]
    fn prints_without_end() {
        super::may_leave();
        loop {
            println!("a line");
        }
    }
}
