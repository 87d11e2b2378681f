package product

// Identify tells what a maker, a model and a description name between them. The model tells the class first, then the
// description, then the model's text read as a description. A model that only one maker makes tells the maker where the
// cell is empty, unknown, or names a predecessor or owner.
func (c *Catalog) Identify(maker, model, description string) Identity {
	id := Identity{}
	said := !blank(maker)
	var named []alias
	if said {
		named = c.makersNamed(maker)
	}
	hint := int32(-1)
	if !blank(description) {
		hint = c.words.class(fold(description))
	}
	class := hint
	var found reading
	ok, from, text := false, "model ", model
	if !blank(model) {
		found, ok = c.modelNamed(model, named, said, hint)
	} else if !blank(description) {
		found, ok = c.modelNamed(description, named, said, hint)
		ok = ok && (!found.whole || !weak(description))
		from, text = "description ", description
	}
	switch {
	case ok:
		class = c.models[c.keys[found.key].model].class
	case class < 0 && !blank(model):
		class = c.words.class(fold(model))
		if class >= 0 {
			id.Confidence = 0.6
			id.Because = append(id.Because, "the model's text reads \""+c.classes[class].Title+"\"")
		}
	case class >= 0:
		id.Confidence = 0.7
		id.Because = append(id.Because, "the description reads \""+c.classes[class].Title+"\"")
	}
	var kind *Class
	if class >= 0 {
		kind = &c.classes[class]
		id.Class, id.Category = kind.Name, kind.Category
	}
	c.nameMaker(&id, maker, model, named, said, kind)
	if ok {
		c.nameModel(&id, found, from, text, named, said, hint)
	} else if !blank(model) {
		id.Model = clean(model)
	}
	return id
}

// nameMaker fills the maker from its own cell, or from the front of the model's where that is empty.
func (c *Catalog) nameMaker(id *Identity, maker, model string, named []alias, said bool, class *Class) {
	if i := c.pick(named, class); i >= 0 {
		id.Maker, id.MakerKnown = c.makers[i].name, true
		return
	}
	if said {
		id.Maker = clean(maker)
		return
	}
	words := tokens(fold(model))
	for n := min(len(words)-1, 4); n > 0; n-- {
		key := ""
		for _, w := range words[:n] {
			key += w
		}
		if i := c.pick(unbound(c.aliases[key]), class); i >= 0 && len(key) > 3 {
			id.Maker, id.MakerKnown = c.makers[i].name, true
			id.Because = append(id.Because, "the model's text begins with the maker")
			return
		}
	}
}

func (c *Catalog) nameModel(id *Identity, found reading, from, text string, named []alias, said bool, hint int32) {
	key := &c.keys[found.key]
	m := &c.models[key.model]
	who := c.makers[m.maker].name
	id.Model, id.ModelNumber, id.ModelKnown = m.name, key.number, true
	id.Confidence = found.sure
	id.Because = append(id.Because, from+"\""+clean(text)+"\" is "+join(found.how, m.name)+" of "+who)
	switch {
	case c.agree(key.model, named, said):
		if id.Maker != who && said {
			id.Because = append(id.Because, "\""+id.Maker+"\" is recorded; the model is "+who+"'s")
		}
		id.Maker, id.MakerKnown = who, true
	case len(named) == 0:
		id.Because = append(id.Because, "the recorded maker \""+id.Maker+"\" is unknown")
		id.Maker, id.MakerKnown = who, true
		id.Confidence = min(id.Confidence, 0.85)
	default:
		id.Because = append(id.Because, "the recorded maker \""+id.Maker+"\" is not known to make it")
		id.Confidence = min(id.Confidence, 0.75)
	}
	if hint >= 0 && hint != m.class && !c.akin(hint, m.class) {
		id.Because = append(id.Because, "the description reads \""+c.classes[hint].Title+"\" instead")
		id.Confidence = min(id.Confidence, 0.8)
	}
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + " " + b
}
