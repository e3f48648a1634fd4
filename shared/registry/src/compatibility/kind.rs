//! Every kind of difference between a writer's and a reader's schema, what it means for compatibility, and why.
//!
//! Names and verdicts are those of `Difference.Type` and `SchemaDiff` of Confluent's schema registry; the last block
//! is ours, for keywords that its checker does not look at.

/// What a kind of difference means for a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The reader accepts all that the writer writes.
    Harmless,
    /// Breaks in principle, and is let pass by [`Policy::Lenient`](super::Policy::Lenient): only a writer that used
    /// an undeclared field would be refused.
    HarmlessIfLenient,
    /// The writer may write what the reader refuses.
    Breaks,
}

macro_rules! kinds {
    ($($verdict:ident { $($kind:ident $name:literal $why:literal,)* })*) => {
        /// A kind of difference. The direction is from the writer's schema to the reader's: what is added is in the
        /// reader's only.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind {
            $($(
                #[doc = $why]
                $kind,
            )*)*
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$($(Self::$kind,)*)*];

            /// The name, as Confluent writes it.
            pub const fn name(self) -> &'static str {
                match self { $($(Self::$kind => $name,)*)* }
            }

            /// What it means for a reader.
            pub const fn verdict(self) -> Verdict {
                match self { $($(Self::$kind => Verdict::$verdict,)*)* }
            }

            /// Why, in a sentence about the writer and the reader.
            pub const fn why(self) -> &'static str {
                match self { $($(Self::$kind => $why,)*)* }
            }
        }
    };
}

kinds! {
    Harmless {
        IdChanged "ID_CHANGED" "the schema's id says nothing about an event",
        TitleChanged "TITLE_CHANGED" "a title says nothing about an event",
        DescriptionChanged "DESCRIPTION_CHANGED" "a description says nothing about an event",
        DefaultChanged "DEFAULT_CHANGED" "a default says nothing about an event that has the value",
        SchemaRemoved "SCHEMA_REMOVED" "the reader asks nothing any more of what the writer describes",
        TypeExtended "TYPE_EXTENDED" "the reader takes all types that the writer writes, and more",
        MaxLengthIncreased "MAX_LENGTH_INCREASED" "the reader takes longer texts than the writer writes",
        MaxLengthRemoved "MAX_LENGTH_REMOVED" "the reader takes texts of any length",
        MinLengthDecreased "MIN_LENGTH_DECREASED" "the reader takes shorter texts than the writer writes",
        MinLengthRemoved "MIN_LENGTH_REMOVED" "the reader takes short texts",
        PatternRemoved "PATTERN_REMOVED" "the reader takes any text",
        MaximumIncreased "MAXIMUM_INCREASED" "the reader takes greater numbers than the writer writes",
        MaximumRemoved "MAXIMUM_REMOVED" "the reader takes numbers however great",
        MinimumDecreased "MINIMUM_DECREASED" "the reader takes smaller numbers than the writer writes",
        MinimumRemoved "MINIMUM_REMOVED" "the reader takes numbers however small",
        ExclusiveMaximumIncreased "EXCLUSIVE_MAXIMUM_INCREASED" "the reader takes greater numbers than the writer writes",
        ExclusiveMaximumRemoved "EXCLUSIVE_MAXIMUM_REMOVED" "the reader takes numbers however great",
        ExclusiveMinimumDecreased "EXCLUSIVE_MINIMUM_DECREASED" "the reader takes smaller numbers than the writer writes",
        ExclusiveMinimumRemoved "EXCLUSIVE_MINIMUM_REMOVED" "the reader takes numbers however small",
        MultipleOfReduced "MULTIPLE_OF_REDUCED" "what is a multiple to the writer is one to the reader",
        MultipleOfRemoved "MULTIPLE_OF_REMOVED" "the reader takes numbers that are no multiple",
        RequiredAttributeWithDefaultAdded "REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED"
            "the writer may leave the field out, and the reader has a default for it",
        RequiredAttributeRemoved "REQUIRED_ATTRIBUTE_REMOVED" "the reader does without a field that the writer always writes",
        DependencyArrayNarrowed "DEPENDENCY_ARRAY_NARROWED" "the reader asks for fewer fields beside this one",
        DependencyArrayRemoved "DEPENDENCY_ARRAY_REMOVED" "the reader asks for no field beside this one",
        DependencySchemaRemoved "DEPENDENCY_SCHEMA_REMOVED" "the reader asks nothing of an object that has this field",
        MaxPropertiesIncreased "MAX_PROPERTIES_INCREASED" "the reader takes more fields than the writer writes",
        MaxPropertiesRemoved "MAX_PROPERTIES_REMOVED" "the reader takes any number of fields",
        MinPropertiesDecreased "MIN_PROPERTIES_DECREASED" "the reader takes fewer fields than the writer writes",
        MinPropertiesRemoved "MIN_PROPERTIES_REMOVED" "the reader takes few fields",
        AdditionalPropertiesAdded "ADDITIONAL_PROPERTIES_ADDED" "the reader takes undeclared fields, which the writer never writes",
        AdditionalPropertiesExtended "ADDITIONAL_PROPERTIES_EXTENDED" "the reader takes undeclared fields of any shape",
        UnevaluatedPropertiesAdded "UNEVALUATED_PROPERTIES_ADDED" "the reader takes undeclared fields, which the writer never writes",
        UnevaluatedPropertiesExtended "UNEVALUATED_PROPERTIES_EXTENDED" "the reader takes undeclared fields of any shape",
        PropertyWithEmptySchemaAddedToOpenContentModel "PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL"
            "the writer may write anything here, and the reader takes anything",
        RequiredPropertyWithDefaultAddedToUnopenContentModel "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_UNOPEN_CONTENT_MODEL"
            "the writer never writes the field, and the reader has a default for it",
        OptionalPropertyAddedToUnopenContentModel "OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL"
            "the reader does without a field that the writer has not declared",
        PropertyWithFalseRemovedFromClosedContentModel "PROPERTY_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL"
            "the reader refuses a field that the writer never writes",
        PropertyRemovedFromOpenContentModel "PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL"
            "the reader ignores a field that it has not declared",
        PropertyAddedIsCoveredByPartiallyOpenContentModel "PROPERTY_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL"
            "what the writer may write in undeclared fields is what the reader takes in this one",
        PropertyRemovedIsCoveredByPartiallyOpenContentModel "PROPERTY_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL"
            "what the writer writes here is what the reader takes in undeclared fields",
        MaxItemsIncreased "MAX_ITEMS_INCREASED" "the reader takes longer lists than the writer writes",
        MaxItemsRemoved "MAX_ITEMS_REMOVED" "the reader takes lists of any length",
        MinItemsDecreased "MIN_ITEMS_DECREASED" "the reader takes shorter lists than the writer writes",
        MinItemsRemoved "MIN_ITEMS_REMOVED" "the reader takes short lists",
        MaxContainsIncreased "MAX_CONTAINS_INCREASED" "the reader takes more such items than the writer writes",
        MaxContainsRemoved "MAX_CONTAINS_REMOVED" "the reader takes any number of such items",
        MinContainsDecreased "MIN_CONTAINS_DECREASED" "the reader takes fewer such items than the writer writes",
        MinContainsRemoved "MIN_CONTAINS_REMOVED" "the reader takes few such items",
        UniqueItemsRemoved "UNIQUE_ITEMS_REMOVED" "the reader takes lists with equal items",
        AdditionalItemsAdded "ADDITIONAL_ITEMS_ADDED" "the reader takes further items, which the writer never writes",
        AdditionalItemsExtended "ADDITIONAL_ITEMS_EXTENDED" "the reader takes further items of any shape",
        UnevaluatedItemsAdded "UNEVALUATED_ITEMS_ADDED" "the reader takes further items, which the writer never writes",
        UnevaluatedItemsExtended "UNEVALUATED_ITEMS_EXTENDED" "the reader takes further items of any shape",
        ItemWithEmptySchemaAddedToOpenContentModel "ITEM_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL"
            "the writer may write anything here, and the reader takes anything",
        ItemAddedToClosedContentModel "ITEM_ADDED_TO_CLOSED_CONTENT_MODEL" "the reader takes an item that the writer never writes",
        ItemWithFalseRemovedFromClosedContentModel "ITEM_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL"
            "the reader refuses an item that the writer never writes",
        ItemRemovedFromOpenContentModel "ITEM_REMOVED_FROM_OPEN_CONTENT_MODEL" "the reader takes anything in place of this item",
        ItemAddedIsCoveredByPartiallyOpenContentModel "ITEM_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL"
            "what the writer may write in further items is what the reader takes in this one",
        ItemRemovedIsCoveredByPartiallyOpenContentModel "ITEM_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL"
            "what the writer writes here is what the reader takes in further items",
        EnumArrayExtended "ENUM_ARRAY_EXTENDED" "the reader knows all values that the writer writes, and more",
        CombinedTypeExtended "COMBINED_TYPE_EXTENDED" "the reader asks for any of what the writer fulfils",
        ProductTypeNarrowed "PRODUCT_TYPE_NARROWED" "the reader asks for less of what the writer fulfils",
        SumTypeExtended "SUM_TYPE_EXTENDED" "the reader takes all alternatives that the writer writes, and more",
        NotTypeNarrowed "NOT_TYPE_NARROWED" "the reader refuses no more than the writer avoids",
    }
    HarmlessIfLenient {
        AdditionalPropertiesNarrowed "ADDITIONAL_PROPERTIES_NARROWED"
            "the writer may write undeclared fields of any shape, and the reader asks for one",
        AdditionalPropertiesRemoved "ADDITIONAL_PROPERTIES_REMOVED"
            "the writer may write undeclared fields, and the reader refuses them",
        UnevaluatedPropertiesNarrowed "UNEVALUATED_PROPERTIES_NARROWED"
            "the writer may write undeclared fields of any shape, and the reader asks for one",
        UnevaluatedPropertiesRemoved "UNEVALUATED_PROPERTIES_REMOVED"
            "the writer may write undeclared fields, and the reader refuses them",
        RequiredPropertyWithDefaultAddedToOpenContentModel "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_OPEN_CONTENT_MODEL"
            "the writer may write anything in a field that it has not declared, and the reader asks for a shape",
        OptionalPropertyAddedToOpenContentModel "OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL"
            "the writer may write anything in a field that it has not declared, and the reader asks for a shape",
        PropertyRemovedFromClosedContentModel "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL"
            "the writer writes a field that the reader refuses because it has not declared it",
        PropertyAddedNotCoveredByPartiallyOpenContentModel "PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL"
            "the writer may write undeclared fields of a shape that the reader does not take in this one",
        PropertyRemovedNotCoveredByPartiallyOpenContentModel "PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL"
            "the writer writes here what the reader does not take in undeclared fields",
    }
    Breaks {
        SchemaAdded "SCHEMA_ADDED" "the reader asks for a shape where the writer may write anything",
        TypeNarrowed "TYPE_NARROWED" "the writer writes types that the reader does not take",
        TypeChanged "TYPE_CHANGED" "the reader asks for another type than the writer writes",
        MaxLengthAdded "MAX_LENGTH_ADDED" "the reader bounds the length and the writer does not",
        MaxLengthDecreased "MAX_LENGTH_DECREASED" "the writer writes longer texts than the reader takes",
        MinLengthAdded "MIN_LENGTH_ADDED" "the reader asks for a length and the writer does not",
        MinLengthIncreased "MIN_LENGTH_INCREASED" "the writer writes shorter texts than the reader takes",
        PatternAdded "PATTERN_ADDED" "the reader asks for a pattern and the writer does not",
        PatternChanged "PATTERN_CHANGED" "the reader asks for another pattern than the writer",
        MaximumAdded "MAXIMUM_ADDED" "the reader bounds the number and the writer does not",
        MaximumDecreased "MAXIMUM_DECREASED" "the writer writes greater numbers than the reader takes",
        MinimumAdded "MINIMUM_ADDED" "the reader bounds the number and the writer does not",
        MinimumIncreased "MINIMUM_INCREASED" "the writer writes smaller numbers than the reader takes",
        ExclusiveMaximumAdded "EXCLUSIVE_MAXIMUM_ADDED" "the reader bounds the number and the writer does not",
        ExclusiveMaximumDecreased "EXCLUSIVE_MAXIMUM_DECREASED" "the writer writes greater numbers than the reader takes",
        ExclusiveMinimumAdded "EXCLUSIVE_MINIMUM_ADDED" "the reader bounds the number and the writer does not",
        ExclusiveMinimumIncreased "EXCLUSIVE_MINIMUM_INCREASED" "the writer writes smaller numbers than the reader takes",
        MultipleOfAdded "MULTIPLE_OF_ADDED" "the reader asks for a multiple and the writer does not",
        MultipleOfExpanded "MULTIPLE_OF_EXPANDED" "the reader asks for a greater multiple than the writer",
        MultipleOfChanged "MULTIPLE_OF_CHANGED" "the reader asks for another multiple than the writer",
        RequiredAttributeAdded "REQUIRED_ATTRIBUTE_ADDED" "the writer may leave out a field that the reader requires",
        DependencyArrayAdded "DEPENDENCY_ARRAY_ADDED" "the reader asks for fields beside this one and the writer does not",
        DependencyArrayExtended "DEPENDENCY_ARRAY_EXTENDED" "the reader asks for more fields beside this one than the writer",
        DependencyArrayChanged "DEPENDENCY_ARRAY_CHANGED" "the reader asks for other fields beside this one than the writer",
        DependencySchemaAdded "DEPENDENCY_SCHEMA_ADDED" "the reader asks more of an object that has this field than the writer",
        MaxPropertiesAdded "MAX_PROPERTIES_ADDED" "the reader bounds the number of fields and the writer does not",
        MaxPropertiesDecreased "MAX_PROPERTIES_DECREASED" "the writer writes more fields than the reader takes",
        MinPropertiesAdded "MIN_PROPERTIES_ADDED" "the reader asks for a number of fields and the writer does not",
        MinPropertiesIncreased "MIN_PROPERTIES_INCREASED" "the writer writes fewer fields than the reader takes",
        RequiredPropertyAddedToOpenContentModel "REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL"
            "the reader requires a field that the writer has not declared",
        RequiredPropertyAddedToUnopenContentModel "REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL"
            "the reader requires a field that the writer has not declared",
        MaxItemsAdded "MAX_ITEMS_ADDED" "the reader bounds the list's length and the writer does not",
        MaxItemsDecreased "MAX_ITEMS_DECREASED" "the writer writes longer lists than the reader takes",
        MinItemsAdded "MIN_ITEMS_ADDED" "the reader asks for a length of the list and the writer does not",
        MinItemsIncreased "MIN_ITEMS_INCREASED" "the writer writes shorter lists than the reader takes",
        MaxContainsAdded "MAX_CONTAINS_ADDED" "the reader bounds the number of such items and the writer does not",
        MaxContainsDecreased "MAX_CONTAINS_DECREASED" "the writer writes more such items than the reader takes",
        MinContainsAdded "MIN_CONTAINS_ADDED" "the reader asks for a number of such items and the writer does not",
        MinContainsIncreased "MIN_CONTAINS_INCREASED" "the writer writes fewer such items than the reader takes",
        UniqueItemsAdded "UNIQUE_ITEMS_ADDED" "the writer may write equal items, and the reader refuses them",
        AdditionalItemsRemoved "ADDITIONAL_ITEMS_REMOVED" "the writer may write further items, and the reader refuses them",
        AdditionalItemsNarrowed "ADDITIONAL_ITEMS_NARROWED"
            "the writer may write further items of any shape, and the reader asks for one",
        UnevaluatedItemsRemoved "UNEVALUATED_ITEMS_REMOVED" "the writer may write further items, and the reader refuses them",
        UnevaluatedItemsNarrowed "UNEVALUATED_ITEMS_NARROWED"
            "the writer may write further items of any shape, and the reader asks for one",
        ItemAddedToOpenContentModel "ITEM_ADDED_TO_OPEN_CONTENT_MODEL"
            "the writer may write anything here, and the reader asks for a shape",
        ItemRemovedFromClosedContentModel "ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL" "the writer writes an item that the reader refuses",
        ItemAddedNotCoveredByPartiallyOpenContentModel "ITEM_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL"
            "the writer may write further items of a shape that the reader does not take here",
        ItemRemovedNotCoveredByPartiallyOpenContentModel "ITEM_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL"
            "the writer writes here what the reader does not take in further items",
        EnumArrayNarrowed "ENUM_ARRAY_NARROWED" "the writer writes values that the reader does not know",
        EnumArrayChanged "ENUM_ARRAY_CHANGED" "the writer writes values that the reader does not know",
        CombinedTypeChanged "COMBINED_TYPE_CHANGED" "the reader combines its schemas in a stricter way than the writer",
        ProductTypeExtended "PRODUCT_TYPE_EXTENDED" "the reader asks for more at once than the writer",
        SumTypeNarrowed "SUM_TYPE_NARROWED" "the writer writes an alternative that the reader does not take",
        CombinedTypeSubschemasChanged "COMBINED_TYPE_SUBSCHEMAS_CHANGED"
            "what the writer writes is covered by none of what the reader takes here",
        NotTypeExtended "NOT_TYPE_EXTENDED" "the reader refuses more than the writer avoids",
    }
    Harmless {
        EnumRemoved "ENUM_REMOVED" "the reader takes any value",
        NotRemoved "NOT_REMOVED" "the reader refuses nothing here",
        FormatIsOnlyANote "FORMAT_IS_ONLY_A_NOTE" "the format is none that JSON Schema knows, and nothing checks it",
        FormatRemoved "FORMAT_REMOVED" "the reader takes texts of any format",
        ContainsRemoved "CONTAINS_REMOVED" "the reader asks for no such item",
        PropertyNamesRemoved "PROPERTY_NAMES_REMOVED" "the reader takes fields of any name",
        ConditionRemoved "CONDITION_REMOVED" "the reader asks for nothing under a condition",
        PatternPropertyAddedToClosedContentModel "PATTERN_PROPERTY_ADDED_TO_CLOSED_CONTENT_MODEL"
            "the reader takes fields that the writer never writes",
        PatternPropertyRemovedFromOpenContentModel "PATTERN_PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL"
            "the reader ignores fields that it has not declared",
    }
    Breaks {
        EnumAdded "ENUM_ADDED" "the reader knows only some values, and the writer writes any",
        NotAdded "NOT_ADDED" "the reader refuses what the writer may write",
        FormatAdded "FORMAT_ADDED" "the reader asks for a format and the writer does not",
        FormatChanged "FORMAT_CHANGED" "the reader asks for another format than the writer",
        ContainsAdded "CONTAINS_ADDED" "the reader asks for an item that the writer need not write",
        ContainsChanged "CONTAINS_CHANGED" "the reader counts other items than the writer",
        PropertyNamesAdded "PROPERTY_NAMES_ADDED" "the reader asks for names of fields that the writer does not keep to",
        ConditionAdded "CONDITION_ADDED" "the reader asks for something under a condition and the writer does not",
        ConditionChanged "CONDITION_CHANGED" "the reader asks for something else under a condition than the writer",
        PatternPropertyAdded "PATTERN_PROPERTY_ADDED"
            "the writer may write anything in fields of such a name, and the reader asks for a shape",
        PatternPropertyRemoved "PATTERN_PROPERTY_REMOVED" "the writer writes fields of such a name, which the reader does not take",
        ComparisonTooLarge "COMPARISON_TOO_LARGE" "the schemas refer to themselves in more ways than are compared",
    }
}
