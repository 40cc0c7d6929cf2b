"""A model in which there is one of everything."""

from __future__ import annotations

from caruso.business_objects.load import load_models
from caruso.business_objects.model import Model

SAMPLE = """<!DOCTYPE model PUBLIC "-//CARUSO//DTD Object Model 1.0//EN" "model.dtd">
<model id="sample">
  <title>Sample</title>
  <class name="Person" table="people" customer="yes" show="name" order="name" extra="more">
    <label>Person</label><label lang="de">Mensch</label>
    <table name="people_details"><join of="id" to="person"/></table>
    <attribute name="id" key="yes" generated="yes"/>
    <attribute name="name" column="full_name" required="yes" length="80" search="yes" personal="yes"/>
    <attribute name="email" search="yes" personal="yes" pattern="[^@ ]+@[^@ ]+"/>
    <attribute name="balance" type="number" read="supervisor" write="admin"/>
    <attribute name="born" type="date" table="people_details" personal="yes"/>
    <attribute name="vip" type="boolean" write-when="object.name ne 'Nobody'"/>
    <attribute name="state" type="choice" column="state_code">
      <value name="active" stored="A"><label lang="de">aktiv</label></value>
      <value name="gone" stored="G"/>
    </attribute>
    <list name="numbers" first="number" type="phone" table="people_numbers" column="number" position="position"
          search="yes" personal="yes"><join of="id" to="person"/></list>
    <computed name="debt" type="number" value="object.balance lt 0 ? -object.balance : 0"/>
    <relation name="contracts" class="Contract" many="yes" load="yes"><join of="id" to="person_id"/></relation>
    <check that="empty(object.born) or object.born le today()"><label>Nobody is born tomorrow</label></check>
  </class>
  <class name="Contract" table="contracts" show="product" read="owner" write="owner" owner="agent"
         delete="supervisor" subject="person">
    <attribute name="year" type="number" key="yes"/>
    <attribute name="number" type="number" key="yes"/>
    <attribute name="person_id"/>
    <attribute name="product"/>
    <attribute name="price" type="number" minimum="0" maximum="1000"/>
    <attribute name="begin" type="date"/>
    <attribute name="signed" type="date-time"/>
    <attribute name="agent" write="supervisor"/>
    <computed name="dear" type="boolean" value="object.price gt 100"/>
    <relation name="person" class="Person"><join of="person_id" to="id"/></relation>
    <relation name="tags" class="Tag" many="yes"><through table="contract_tags">
      <from of="year" column="contract_year"/><from of="number" column="contract_number"/>
      <to of="id" column="tag"/></through></relation>
  </class>
  <class name="Tag" table="tags" read-only="yes" audit="no">
    <attribute name="id" type="number" key="yes"/>
    <attribute name="name"/>
  </class>
</model>
"""


_PLACES = """<!DOCTYPE model PUBLIC "-//CARUSO//DTD Object Model 1.0//EN" "model.dtd">
<model id="places">
  <title>Places</title>
  <class name="Place" table="places" show="note" delete="agent">
    <attribute name="one" key="yes"/>
    <attribute name="other" key="yes"/>
    <attribute name="note" search="yes"/>
  </class>
</model>
"""


def places() -> Model:
    """Return a model whose keys are two texts."""
    return load_models([("places.xml", _PLACES.encode())])


def sample() -> Model:
    """Return the model."""
    return load_models([("sample.xml", SAMPLE.encode())])
