//! Random logs, cuts, crashes and rivals: always the end of the reference.

use proptest::prelude::*;
use semel_exactly_once::Class;
use semel_exactly_once::batch::{BatchError, Counts, Interrupted, Settings};
use semel_testkit::{MemoryFences, MemoryObjects, Run, Stepped, block_on, crash_after, interleave};

use crate::reference::Reference;
use crate::world::{Container, Logged, Value, World, apply, deliver, event, tight};

/// One record of a log, relative to those before it.
#[derive(Debug, Clone)]
enum Entry {
    /// A new event that happened so much before (or, if negative, after) its record.
    New {
        ago_ms: i64,
        changes: usize,
    },
    /// The same event as that many records before.
    Again {
        back: usize,
    },
    /// An id of that many records before, with another content and a new time.
    Reused {
        back: usize,
        ago_ms: i64,
    },
    Garbage,
    Absent,
    Undecodable,
}

const CHANGES: [&str; 9] = [
    "a=1",
    "b=2 c=3",
    "a=-1 a=4 @level=7",
    "",
    "d=1 e=1 f=1",
    "@level=3",
    "a=1 b=1 c=1 d=1 @door=5",
    // Seven changes of five aggregates: just fits. Then six aggregates: too many.
    "a=1 a=1 a=1 b=1 c=1 d=1 e=1",
    "a=1 b=1 c=1 d=1 e=1 f=1",
];

fn entry() -> impl Strategy<Value = Entry> {
    let new = |ago: std::ops::Range<i64>| {
        (ago, 0..CHANGES.len()).prop_map(|(ago_ms, changes)| Entry::New { ago_ms, changes })
    };
    prop_oneof![
        8 => new(-2_000..3_000),
        2 => new(-9_999..14_000),
        1 => new(-14_000..-9_000),
        4 => (1_usize..30).prop_map(|back| Entry::Again { back }),
        2 => (1_usize..40, -2_000_i64..9_000).prop_map(|(back, ago_ms)| Entry::Reused { back, ago_ms }),
        1 => Just(Entry::Garbage),
        1 => Just(Entry::Absent),
        1 => Just(Entry::Undecodable),
    ]
}

/// (entry, milliseconds since the record before, offsets left out: transaction markers)
fn log() -> impl Strategy<Value = Vec<Logged>> {
    let place = (entry(), 0_u64..1_500, prop_oneof![5 => Just(0_i64), 1 => 1_i64..4]);
    proptest::collection::vec(place, 1..70).prop_map(|entries| written(&entries))
}

fn written(entries: &[(Entry, u64, i64)]) -> Vec<Logged> {
    let (mut at_ms, mut offset) = (20_000, 0);
    let mut log: Vec<Logged> = Vec::new();
    for (number, (entry, after_ms, gap)) in entries.iter().enumerate() {
        at_ms += after_ms;
        offset += 1 + gap;
        let fresh = number as u64;
        let earlier = |back: usize| number.checked_sub(back).map(|at| log[at].value.clone());
        let time = |ago_ms: i64| at_ms.saturating_add_signed(-ago_ms);
        let value = match entry {
            Entry::New { ago_ms, changes } => Value::Text(event(fresh, time(*ago_ms), CHANGES[*changes])),
            Entry::Again { back } => earlier(*back).unwrap_or(Value::Absent),
            Entry::Reused { back, ago_ms } => match number.checked_sub(*back) {
                Some(used) => Value::Text(event(used as u64, time(*ago_ms), "reused=1")),
                None => Value::Absent,
            },
            Entry::Garbage => Value::Text("{not an event".to_owned()),
            Entry::Absent => Value::Absent,
            Entry::Undecodable => Value::Undecodable("%%%"),
        };
        log.push(Logged { offset, at_ms, value });
    }
    log
}

/// What a poller does next. It never starts behind a record that was not acknowledged.
#[derive(Debug, Clone)]
struct Delivery {
    /// Records before the acknowledged place to deliver again.
    back: usize,
    len: usize,
    container: usize,
    /// Dies after so many polls.
    dies: Option<usize>,
    /// Another delivery at the same time.
    rival: Option<Rival>,
    /// Containers that are replaced by new ones first.
    replaced: [bool; 3],
    tokens_forgotten: bool,
}

#[derive(Debug, Clone)]
struct Rival {
    back: usize,
    len: usize,
    container: usize,
    /// Who goes on next, step by step; at the end both finish, unless they die.
    order: Vec<usize>,
    both_die: bool,
}

fn delivery() -> impl Strategy<Value = Delivery> {
    let rival =
        (0_usize..20, 1_usize..25, 0_usize..3, proptest::collection::vec(0_usize..2, 0..60), any::<bool>())
            .prop_map(|(back, len, container, order, both_die)| Rival {
                back,
                len,
                container,
                order,
                both_die,
            });
    let dies = proptest::option::weighted(0.4, 0_usize..40);
    let rest = (proptest::option::weighted(0.4, rival), any::<[bool; 3]>(), any::<bool>());
    (0_usize..20, 1_usize..25, 0_usize..3, dies, rest).prop_map(
        |(back, len, container, dies, (rival, replaced, tokens_forgotten))| {
            let replaced = replaced.map(|r| r && back % 2 == 0);
            Delivery { back, len, container, dies, rival, replaced, tokens_forgotten }
        },
    )
}

type Stepping = Container<Stepped<MemoryFences>, Stepped<MemoryObjects>>;

struct Poller<'a> {
    world: World,
    settings: Settings,
    log: &'a [Logged],
    containers: [Stepping; 3],
    acknowledged: usize,
}

impl<'a> Poller<'a> {
    fn new(log: &'a [Logged], settings: Settings) -> Self {
        let world = World::default();
        let containers = std::array::from_fn(|_| fresh(&world, settings));
        Self { world, settings, log, containers, acknowledged: 0 }
    }

    fn slice(&self, back: usize, len: usize) -> (&'a [Logged], usize) {
        let from = self.acknowledged.saturating_sub(back);
        let to = (from + len).min(self.log.len());
        (&self.log[from..to], to)
    }

    fn acknowledge(&mut self, answer: Option<Result<Counts, Interrupted>>, to: usize) {
        match answer {
            Some(Ok(_)) => self.acknowledged = self.acknowledged.max(to),
            // Many rivals at once may leave one to try again later; nothing else may stop it.
            Some(Err(stopped)) => assert_eq!(stopped.error.class(), Class::Transient, "{stopped:?}"),
            None => {}
        }
    }

    fn run(&mut self, delivery: &Delivery) {
        for (container, _) in self.containers.iter_mut().zip(delivery.replaced).filter(|(_, r)| *r) {
            *container = fresh(&self.world, self.settings);
        }
        if delivery.tokens_forgotten {
            self.world.fences.forget_tokens();
        }
        let (records, to) = self.slice(delivery.back, delivery.len);
        match &delivery.rival {
            None => {
                let run = deliver(&self.containers[delivery.container], records);
                let answer = match delivery.dies {
                    Some(polls) => crash_after(polls, run),
                    None => Some(block_on(run)),
                };
                self.acknowledge(answer, to);
            }
            Some(rival) => self.race(delivery, rival),
        }
    }

    fn race(&mut self, delivery: &Delivery, rival: &Rival) {
        let (records, to) = self.slice(delivery.back, delivery.len);
        let (others, others_to) = self.slice(rival.back, rival.len);
        let mut order = rival.order.iter().copied();
        let mut turn = 0;
        let choose = |_open: usize| match order.next() {
            Some(chosen) => Some(chosen),
            None if rival.both_die => None,
            None => {
                turn += 1;
                Some(turn)
            }
        };
        let runs: Vec<Run<'_, _>> = vec![
            Box::pin(deliver(&self.containers[delivery.container], records)),
            Box::pin(deliver(&self.containers[rival.container], others)),
        ];
        let mut answers = interleave(runs, choose).into_iter();
        let (first, second) = (answers.next().flatten(), answers.next().flatten());
        self.acknowledge(first, to);
        self.acknowledge(second, others_to);
    }

    /// Delivers what is left, and then everything once more to a cold container.
    fn finish(&mut self) {
        while self.acknowledged < self.log.len() {
            let (records, to) = self.slice(3, 11);
            self.acknowledge(Some(block_on(deliver(&self.containers[0], records))), to);
        }
        let again = apply(&self.world.container(self.settings), self.log);
        assert_eq!(again.redelivered, self.log.len() as u64, "nothing is new: {again:?}");
        assert_eq!(again.chunks, 0);
    }
}

fn fresh(world: &World, settings: Settings) -> Stepping {
    world.container_on(Stepped(world.fences.clone()), Stepped(world.objects.clone()), settings)
}

fn settings() -> impl Strategy<Value = Settings> {
    (0_usize..6, 1_usize..12, 1_usize..4).prop_map(|(tail_max, segment_ids_max, reads_max)| Settings {
        tail_max,
        segment_ids_max,
        reads_max,
        ..tight()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_history_comes_to_the_end_of_the_reference(
        log in log(),
        settings in settings(),
        deliveries in proptest::collection::vec(delivery(), 0..16),
    ) {
        let mut poller = Poller::new(&log, settings);
        for delivery in &deliveries {
            poller.run(delivery);
        }
        poller.finish();
        Reference::of(&log, &settings).assert_reached_by(&poller.world, &log);
    }

    #[test]
    fn verdicts_do_not_depend_on_how_batches_are_cut(
        log in log(),
        lens in proptest::collection::vec(1_usize..20, 1..40),
        warm in any::<bool>(),
    ) {
        let world = World::default();
        let mut container = world.container(tight());
        let mut rest = log.as_slice();
        for len in lens.iter().cycle() {
            let (batch, later) = rest.split_at((*len).min(rest.len()));
            let counts = apply(&container, batch);
            prop_assert_eq!(counts.judged.records(), batch.len() as u64);
            rest = later;
            if rest.is_empty() {
                break;
            }
            if !warm {
                container = world.container(tight());
            }
        }
        Reference::of(&log, &tight()).assert_reached_by(&world, &log);
    }

    #[test]
    fn a_lifetime_of_another_log_is_halted_or_changes_nothing(log in log(), other in log()) {
        let world = World::default();
        apply(&world.container(tight()), &log);
        let before = (world.numbers(), world.parked());
        let next = world.fence().next_offset;
        // Ids of their own: nothing of the first log comes again.
        let renamed = |text: &str| match crate::world::parse(text) {
            Some((id, at, changes)) => event(id + 1_000, at, changes),
            None => text.to_owned(),
        };
        let recreated: Vec<Logged> = other.iter().filter(|r| r.offset < next).cloned().map(|mut r| {
            if let Value::Text(text) = &r.value { r.value = Value::Text(renamed(text)); }
            r.at_ms += 1;
            r
        }).collect();
        match block_on(deliver(&world.container(tight()), &recreated)) {
            Ok(counts) => prop_assert_eq!(counts.redelivered, recreated.len() as u64),
            Err(Interrupted { error: BatchError::Halted { offset, .. }, resume_at, .. }) => prop_assert_eq!(offset, resume_at),
            Err(other) => prop_assert!(false, "{:?}", other),
        }
        prop_assert_eq!((world.numbers(), world.parked()), before);
    }
}
