"""Hold the names that made-up people get."""

from __future__ import annotations

import unicodedata
from typing import Final


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FEMALE_NAMES: Final = _words(
    """
    Abigail Ada Adriana Aisha Alejandra Alexis Alicia Alma Amaya Amina Amira Ana Anahí Andrea
    Angela Angelica Anika Anjali Annika Ariana Ariel Asha Astrid Aubrey Autumn Ava Ayana Ayla
    Beatriz Bella Bianca Brenda Briana Brooke Camila Carla Carmen Catalina Cecilia Celeste
    Chantal Charlotte Chloe Clara Claudia Cora Daisy Dalia Daniela Deborah Delia Diana Dolores
    Dominique Elena Eliana Elise Eliza Emiko Emilia Emma Esmeralda Estela Esther Eva Evelyn
    Faith Fatima Fernanda Fiona Flor Francesca Freya Gabriela Genesis Giselle Gloria Grace
    Guadalupe Hana Hannah Harper Hazel Heidi Helena Hope Imani Inés Ingrid Irene Iris Isabel
    Isla Itzel Ivy Jacqueline Jade Jaya Jessica Jimena Joanna Jocelyn Josephine Joy Juana Julia
    Juniper Kaia Kamala Karina Kavya Kayla Keiko Kiara Kira Lakshmi Lara Laila Leila Leilani
    Lena Leticia Lia Lila Lina Linh Lola Lorena Lucía Luna Luz Lydia Mai Maisie Malia Mara
    Margarita Mariam Mariana Marisol Maya Mei Mercedes Mila Mina Mireya Miriam Molly Nadia Naomi
    Natalia Nayeli Nia Nicole Nina Noemí Nora Nour Olivia Paloma Paola Patricia Paula Penelope
    Perla Phoebe Priya Quinn Rachel Rani Raquel Rebeca Renata Rocío Rosa Rosalind Ruby Ruth
    Sabrina Sade Salma Samira Sandra Saoirse Sara Selena Serena Shanice Shreya Sierra Simone
    Sofía Soledad Stella Suki Tala Tamika Tania Tara Tatiana Teresa Thuy Tiana Uma Valentina
    Valeria Vanessa Vera Veronica Victoria Violet Wendy Ximena Yara Yasmin Yesenia Yuki Yvette
    Zara Zoë Zuri
    """
)

MALE_NAMES: Final = _words(
    """
    Aaron Abdul Abel Adam Adrian Ahmed Aiden Akira Alan Alberto Alejandro Alonso Amir Anand
    Andre Andrés Angel Anthony Antonio Arjun Armando Arturo Asher August Axel Beau Benjamin
    Bilal Blake Brandon Brayan Bruno Caleb Calvin Carlos Cedric César Chase Chen Christian Cody
    Colin Connor Cristian Curtis Damian Dante Dario David Darnell Deon Derek Desmond Devin Diego
    Dmitri Dominic Duncan Dylan Eduardo Edwin Eli Elias Elijah Emilio Emmanuel Enrique Eric
    Ernesto Esteban Ethan Evan Ezequiel Ezra Felipe Felix Fernando Finn Francisco Gabriel Gael
    Gavin Gerardo Gilberto Giovanni Graham Grant Guillermo Gustavo Hakeem Hamza Haruto Hassan
    Héctor Henry Hiro Hugo Hung Ian Ibrahim Ignacio Isaac Isaiah Ismael Israel Ivan Jabari Jace
    Jaden Jaime Jamal James Jared Javier Jayden Jesús Joaquín Joel Jonah Jorge José Joshua Josué
    Juan Julian Julio Kaden Kai Kareem Keith Kenji Khalil Kieran Kofi Kyle Lamar Lance Landon
    Lázaro Leo Leon Leonardo Levi Liam Lorenzo Lucas Luis Malachi Malik Manuel Marco Marcus
    Mario Mateo Matthew Maurice Mauricio Max Miguel Milo Minh Mohamed Moisés Nathan Nathaniel
    Neil Nelson Nicolás Nikhil Noah Omar Orion Oscar Osvaldo Otto Owen Pablo Patrick Pedro Peter
    Phong Quincy Rafael Rahul Ramón Rashad Raúl Reed Reginald Ricardo Rigoberto Robert Roberto
    Rodrigo Rohan Roman Rowan Rubén Ryan Sam Samir Santiago Saúl Sebastián Sergio Seth Silas
    Simon Stefan Tadeo Tariq Terrence Theo Thomas Tobias Tomás Trevor Tristan Tuan Tyrone Ulises
    Uriel Vicente Victor Vikram Vincent Walter Wesley William Xavier Yahir Yusuf Zachary
    """
)

LAST_NAMES: Final = _words(
    """
    Abbott Abdi Acosta Adams Adeyemi Aguilar Aguirre Ahmed Alcantar Alexander Ali Allen Alvarado
    Álvarez Amador Anaya Anderson Andrade Antonov Aquino Aragon Arellano Arias Armstrong Arroyo
    Arora Ashby Atkins Avalos Avila Ayala Baca Bailey Baker Ballard Banerjee Banks Barajas
    Barnes Barrera Barrett Barron Bautista Beck Becerra Bell Beltran Benítez Bennett Berg Bernal
    Bhatt Bishop Black Blackwood Blanco Bonilla Booker Bowen Boyd Bradley Brandt Bravo Brennan
    Briggs Brooks Brown Bryant Bui Burgess Burke Burns Bustos Butler Byrd Caballero Cabrera
    Calderón Camacho Campbell Campos Cano Cantu Cárdenas Carey Carlson Carpenter Carr Carrillo
    Carter Casillas Castañeda Castillo Castro Ceballos Cervantes Chan Chandra Chang Chau Chávez
    Chen Cheng Cho Choi Chopra Chowdhury Chung Cisneros Clarke Clayton Cohen Colbert Coleman
    Collins Colón Conley Contreras Cooper Cordero Cordova Coronado Corona Cortés Costa Crane
    Crawford Cruz Cuevas Cummings Curry Dang Daniels Das Davenport Davis Dawson Delacruz Delgado
    Desai Dhillon Diallo Díaz Dixon Do Domínguez Douglas Doyle Duarte Dubois Duke Duncan Dunn
    Duong Duran Eaton Echeverria Edwards Elliott Ellis Enríquez Escobar Esparza Espinosa
    Espinoza Esquivel Estrada Evans Farah Farley Farmer Farooq Faulkner Fernández Ferrari Fields
    Figueroa Finch Fischer Fleming Flores Flynn Fofanah Foley Fong Ford Forbes Foster Fowler
    Franco Franklin Frazier Freeman Frost Fuentes Fujimoto Fuller Galindo Gallagher Gallardo
    Gallegos Galvan Gamboa Gamez Garcia Gardner Garner Garrett Garrison Garza Gibson Gill Glover
    Godoy Goldberg Gómez Gonzales González Goodwin Gordon Graham Granados Grant Greene Greenwood
    Griffin Grimes Guerra Guerrero Guevara Gupta Gutiérrez Guzmán Haddad Hahn Hale Hall Hamid
    Hamilton Hammond Han Hansen Hardin Harmon Harrington Harris Hart Hassan Hawkins Hayes
    Henderson Heredia Hernández Herrera Hess Hidalgo Higgins Hinojosa Ho Hoang Hodges Hoffman
    Holland Holmes Holt Hong Hopkins Horton Houston Howard Howell Hsu Huang Hubbard Hudson
    Huerta Hughes Hussain Hutchins Huynh Ibarra Ibrahim Inoue Iqbal Islas Ito Iyer Jaramillo
    Jain Jansen Jefferson Jenkins Jennings Jensen Jimenez Jiménez Johansen Johns Johnston Jordan
    Joseph Joshi Juárez Jung Kamara Kang Kapoor Kaplan Kaur Keller Kelley Kemp Kennedy Khan
    Khalil Kim Kimura King Kirby Klein Knight Koch Kowalski Kumar Kwon Lam Lambert Landry Lane
    Lara Larsen Lawson Le Leal Lee Lemus León Leung Levy Lewis Li Lin Lindgren Little Liu
    Livingston Lloyd Logan López Lozano Lu Lucero Luján Luna Ly Lynch Lyons Mac Macías Maldonado
    Malik Manning Mann Manzo Marín Marks Márquez Marsh Marshall Martin Martínez Mason Mata
    Matsuda Matthews Maxwell May McBride McCarthy McCoy McDaniel McGee McKenzie McLean Medina
    Medrano Mehta Mejía Melendez Mendez Mendoza Mercado Merritt Meyer Meza Mikhailov Miles
    Miller Miranda Mitra Moffett Mohamed Molina Monroe Montes Montoya Moody Mora Morales Moran
    Moreno Morgan Mori Morrow Moses Mosley Mueller Mullen Muñoz Murillo Murphy Musa Myers Nair
    Najjar Nakamura Naranjo Nash Navarro Ndiaye Neal Nelson Newton Ng Ngo Nguyen Nichols Nielsen
    Nieto Nolan Norris Novak Núñez O'Brien O'Connor O'Neill Obregon Ocampo Ochoa Ojeda Okafor
    Okoye Olivares Olsen Omar Ontiveros Orellana Orozco Ortega Ortiz Osborne Owens Pacheco
    Padilla Page Palacios Palmer Paniagua Papadakis Paredes Park Parker Parra Patel Patil
    Patterson Paz Pearson Peña Peralta Pereira Pérez Perkins Peters Pham Phan Pierce Pineda
    Pittman Plascencia Ponce Porter Portillo Potter Powell Prado Prasad Preston Prieto Quach
    Quan Quezada Quintana Quintero Quiroz Rahman Ramírez Ramos Ramsey Randall Rangel Rao Rashid
    Ray Raymond Reddy Reed Reese Renteria Reséndiz Reyes Reynolds Rhodes Rice Rich Riley Rincon
    Rios Ritter Rivas Rivera Robbins Roberson Robles Rocha Rodgers Rodríguez Rojas Roman Romero
    Rosales Rosas Rosen Ross Rossi Rowe Rubio Ruiz Rush Russo Saavedra Salas Salazar Salcedo
    Saldana Salgado Salinas Samuels Sanchez Sandoval Santana Santiago Sato Saucedo Saunders
    Sawyer Schmidt Schneider Schultz Schwartz Sepulveda Serrano Shah Sharma Sharp Shaw Shepherd
    Sherman Shin Sierra Silva Simmons Simon Singh Singleton Skinner Sloan Solano Solís Solomon
    Song Soriano Sosa Soto Sousa Sparks Spencer Stanton Stark Steele Stein Stevens Stokes Stone
    Strickland Suárez Sullivan Sutton Suzuki Swanson Tafoya Takahashi Talavera Tamayo Tan Tanaka
    Tang Tapia Tavares Tejeda Tello Terrell Thao Thapa Thornton Tovar Townsend Tran Traore Trejo
    Trevino Trujillo Truong Tucker Tyler Ueda Underwood Uribe Urrutia Valadez Valdez Valencia
    Valentin Valenzuela Valle Vang Vargas Vasquez Vaughn Vega Velasco Velázquez Venegas Vera
    Verma Vidal Villa Villanueva Villarreal Villegas Vo Vu Wade Wagner Walker Wallace Walsh
    Walton Wang Warner Warren Washington Watanabe Waters Watkins Watts Weaver Webb Weber Weiss
    Wells Werner West Whitaker Whitehead Wiggins Wilcox Wilkins Winters Wolfe Wong Woodard Wu
    Xiong Xu Yadav Yamamoto Yang Yates Ybarra Yoder Yoon Young Yu Zamora Zapata Zaragoza Zavala
    Zhang Zhao Zheng Zhou Ziegler Zuniga
    """
)

PLACE_WORDS: Final = _words(
    """
    Alder Aspen Bayview Birch Briar Canyon Cedar Clearwater Coral Cypress Driftwood Eagle Elm
    Fern Foothill Garnet Granite Harbor Hawthorn Hazel Heron Hillcrest Juniper Laurel Linden
    Lupine Magnolia Manzanita Maple Meadow Mesa Mission Monarch Mulberry Oak Olive Orchard Palm
    Pepperwood Pine Poppy Prairie Quail Redwood Ridge River Sage Sequoia Sierra Spruce Sycamore
    Tamarack Valley Willow
    """
)

DISTRICT_WORDS: Final = ("Valley", "Hills", "Creek", "Lake", "Springs", "Grove", "Coast", "Plains")


def slug(name: str) -> str:
    """Spell a name as an account name does: plain lower-case letters only.

    Shape: `Núñez` gives `nunez`, `O'Brien` gives `obrien`.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    return "".join(letter for letter in plain.lower() if letter.isalpha())
