//! The paths that somebody looks at, so that the rest of an event need not be read.
//!
//! A step with a dot in its name is two steps: `EventBridge` joins steps by dots and compares what comes out.

/// A path that somebody looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldId(u32);

impl FieldId {
    /// Its place in a list of all fields.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A step that paths go through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepId(usize);

/// A set of paths, as a tree of steps.
#[derive(Debug, Clone)]
pub struct Paths {
    steps: Vec<Step>,
    fields: u32,
}

#[derive(Debug, Clone, Default)]
struct Step {
    /// By name.
    next: Vec<(Box<str>, StepId)>,
    field: Option<FieldId>,
}

impl Default for Paths {
    fn default() -> Self {
        Self { steps: vec![Step::default()], fields: 0 }
    }
}

impl Paths {
    /// Where an event begins.
    pub const ROOT: StepId = StepId(0);

    /// The field of a path, which is added if it is new.
    pub fn add(&mut self, path: &str) -> FieldId {
        let mut at = Self::ROOT;
        for name in path.split('.') {
            at = self.add_step(at, name);
        }
        let next = FieldId(self.fields);
        let field = *self.steps[at.0].field.get_or_insert(next);
        if field == next {
            self.fields += 1;
        }
        field
    }

    fn add_step(&mut self, at: StepId, name: &str) -> StepId {
        match self.find(at, name) {
            Ok(found) => found,
            Err(place) => {
                let new = StepId(self.steps.len());
                self.steps.push(Step::default());
                self.steps[at.0].next.insert(place, (name.into(), new));
                new
            }
        }
    }

    fn find(&self, at: StepId, name: &str) -> Result<StepId, usize> {
        let next = &self.steps[at.0].next;
        next.binary_search_by(|(known, _)| known.as_ref().cmp(name)).map(|place| next[place].1)
    }

    /// Where the name leads; none if nobody looks there.
    pub fn step(&self, at: StepId, name: &str) -> Option<StepId> {
        name.split('.').try_fold(at, |at, name| self.find(at, name).ok())
    }

    /// The field that ends here.
    pub fn field(&self, at: StepId) -> Option<FieldId> {
        self.steps[at.0].field
    }

    /// How many fields there are.
    pub const fn len(&self) -> usize {
        self.fields as usize
    }
}
